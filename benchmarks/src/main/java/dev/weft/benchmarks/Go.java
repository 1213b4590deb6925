package dev.weft.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server in Go, built for one run.
 *
 * @param program the executable
 * @param title what it is called
 */
record Go(String program, String title) {
    /** Builds it; null where there is no Go. */
    static @Nullable Go build(Path folder) throws IOException, InterruptedException {
        Path source = folder.resolve("echo.go");
        try (InputStream in =
                Objects.requireNonNull(Go.class.getResourceAsStream("echo.go"), "echo.go")) {
            Files.write(source, in.readAllBytes());
        }
        String version;
        try {
            version = output(folder, "go", "version");
        } catch (IOException e) {
            return null; // there is none
        }
        Path program = folder.resolve("echo");
        output(folder, "go", "build", "-o", program.toString(), source.toString());
        // "go version go1.19.8 linux/amd64"
        return new Go(program.toString(), "Go " + version.split(" ", -1)[2].substring(2));
    }

    private static String output(Path folder, String... command)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(List.of(command))
                        .directory(folder.toFile())
                        .redirectErrorStream(true);
        builder.environment().put("GOCACHE", folder.resolve("cache").toString());
        builder.environment().put("GO111MODULE", "off");
        Process process = builder.start();
        process.getOutputStream().close();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + " failed: " + said);
        }
        return said;
    }
}
