package dev.weft.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/**
 * nginx as a reverse proxy before a WebSocket server: in a container where a Docker engine answers,
 * else this machine's own.
 */
record Nginx(int port, AutoCloseable running) implements AutoCloseable {
    private static final String IMAGE = "weft-it/nginx:local";

    /** What nginx logs once it has bound its port. */
    private static final String READY = "using the \"epoll\" event method";

    private static final int ATTEMPTS = 3;

    /** Starts one, or skips the test where there is none. */
    static Nginx before(String url) {
        boolean docker = DockerClientFactory.instance().isDockerAvailable();
        if (!docker && Tools.isCi()) {
            return Tools.missing("no Docker engine answers", "start dockerd, or run .ci/run");
        }
        Path binary =
                docker
                        ? null
                        : Tools.require(
                                Tools.find("nginx"),
                                "neither a Docker engine nor nginx here",
                                "start dockerd, or apt-get install nginx-light");
        int upstream = URI.create(url).getPort();
        for (int attempt = 1; ; attempt++) {
            // nginx does not say which port it found, so it is told one that is free, as yet.
            int port = Tools.freePort();
            try {
                return new Nginx(
                        port, docker ? inContainer(port, upstream) : local(binary, port, upstream));
            } catch (RuntimeException | AssertionError e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /** The URL of this proxy, for a path that starts with a slash. */
    String url(String path) {
        return "ws://127.0.0.1:" + port + path;
    }

    @Override
    public void close() {
        try {
            running.close();
        } catch (Exception e) {
            throw new AssertionError("cannot end nginx", e);
        }
    }

    private static AutoCloseable inContainer(int port, int upstream) {
        ensureImage();
        @SuppressWarnings("resource") // the caller's
        GenericContainer<?> container =
                new GenericContainer<>(DockerImageName.parse(IMAGE))
                        .withImagePullPolicy(image -> false)
                        .withNetworkMode("host")
                        .withCopyToContainer(
                                Transferable.of(configuration("/tmp", port, upstream)),
                                "/etc/nginx/nginx.conf")
                        .waitingFor(Wait.forLogMessage(".*" + READY + ".*\\n", 1))
                        .withStartupTimeout(Duration.ofSeconds(60));
        container.start();
        return container;
    }

    /** Made from this machine's nginx, since a registry may be out of reach. */
    private static void ensureImage() {
        boolean there =
                !DockerClientFactory.lazyClient()
                        .listImagesCmd()
                        .withFilter("reference", List.of(IMAGE))
                        .exec()
                        .isEmpty();
        if (there) {
            return;
        }
        String script = Checkout.testFile("docker/nginx-image.sh");
        try (Program making = Program.start(new ProcessBuilder("bash", script, IMAGE))) {
            if (making.awaitExit() != 0) {
                Tools.missing("cannot make the image " + IMAGE, making.toString());
            }
        }
    }

    private static AutoCloseable local(Path binary, int port, int upstream) {
        try {
            Path folder = Files.createTempDirectory("weft-nginx");
            Path file = folder.resolve("nginx.conf");
            Files.writeString(file, configuration(folder.toString(), port, upstream));
            Program nginx =
                    Program.start(
                            new ProcessBuilder(
                                    List.of(
                                            binary.toString(),
                                            "-p",
                                            folder.toString(),
                                            "-e",
                                            "stderr",
                                            "-c",
                                            file.toString())));
            try {
                nginx.awaitErrorLine(READY);
                return () -> {
                    nginx.close();
                    delete(folder);
                };
            } catch (Throwable e) {
                nginx.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static String configuration(String tmp, int port, int upstream) {
        try {
            return Files.readString(Path.of(Checkout.testFile("nginx/echo.conf")))
                    .replace("@tmp@", tmp)
                    .replace("@port@", String.valueOf(port))
                    .replace("@upstream@", String.valueOf(upstream));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
