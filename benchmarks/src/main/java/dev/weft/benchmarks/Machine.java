package dev.weft.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the figures were measured on.
 *
 * @param cpu the processor's model
 * @param cores how many cores this process may use
 * @param kernel the operating system and its version
 * @param jdk the JDK's version
 */
record Machine(String cpu, int cores, String kernel, String jdk) {
    static Machine here() {
        return new Machine(
                cpuModel(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("java.vendor.version", System.getProperty("java.vendor"))
                        + " ("
                        + Runtime.version()
                        + ")");
    }

    private static String cpuModel() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            return System.getProperty("os.arch"); // no Linux
        }
        return System.getProperty("os.arch");
    }

    @Override
    public String toString() {
        return cpu + ", " + cores + " cores, " + kernel + ", " + jdk;
    }
}
