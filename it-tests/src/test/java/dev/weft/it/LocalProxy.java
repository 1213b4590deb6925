package dev.weft.it;

import dev.weft.net.Proxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A proxy that nobody here wrote, on this machine, once it accepts; and how to use it. */
record LocalProxy(Program program, Proxy proxy) implements AutoCloseable {
    private static Path require(String program, String debianPackage) {
        return Tools.require(
                Tools.find(program), "no " + program, "apt-get install " + debianPackage);
    }

    /** With further lines for its configuration, which is written to the folder. */
    static LocalProxy tinyproxy(Path folder, String more) {
        Path binary = require("tinyproxy", "tinyproxy");
        int port = Tools.freePort();
        String text =
                "Port %d\nListen 127.0.0.1\nLogLevel Info\nTimeout 20\n%s\n".formatted(port, more);
        Path file = write(folder.resolve("tinyproxy.conf"), text);
        return start(
                new ProcessBuilder(binary.toString(), "-d", "-c", file.toString()),
                Proxy.http("127.0.0.1", port));
    }

    static LocalProxy microsocks(String... more) {
        Path binary = require("microsocks", "microsocks");
        int port = Tools.freePort();
        List<String> words = new ArrayList<>(List.of(binary.toString()));
        words.addAll(List.of("-i", "127.0.0.1", "-p", Integer.toString(port)));
        words.addAll(List.of(more));
        return start(new ProcessBuilder(words), Proxy.socks5("127.0.0.1", port));
    }

    static LocalProxy dante(Path folder, String method, String blocks) {
        Path binary = require("danted", "dante-server");
        int port = Tools.freePort();
        String text =
                """
                logoutput: stderr
                internal: 127.0.0.1 port = %d
                external: 127.0.0.1
                clientmethod: none
                socksmethod: %s
                client pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
                %s
                socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }
                """
                        .formatted(port, method, blocks);
        String file = write(folder.resolve("danted.conf"), text).toString();
        String pid = folder.resolve("danted.pid").toString();
        return start(
                new ProcessBuilder(binary.toString(), "-f", file, "-p", pid),
                Proxy.socks5("127.0.0.1", port));
    }

    private static Path write(Path file, String text) {
        try {
            return Files.writeString(file, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static LocalProxy start(ProcessBuilder builder, Proxy proxy) {
        return new LocalProxy(Ports.start(builder, proxy.port()), proxy);
    }

    @Override
    public void close() {
        program.close();
    }
}
