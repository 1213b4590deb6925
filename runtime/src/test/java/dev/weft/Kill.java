package dev.weft;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Sends signals, as a shell does. */
final class Kill {
    private Kill() {}

    /** Sends a signal to this JVM. */
    static void self(String signal) throws IOException, InterruptedException {
        send(signal, ProcessHandle.current().pid());
    }

    static void send(String signal, long pid) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + signal, Long.toString(pid)).start();
        if (!kill.waitFor(30, TimeUnit.SECONDS) || kill.exitValue() != 0) {
            throw new IOException("kill failed");
        }
    }
}
