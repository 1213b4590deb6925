package dev.weft.websocket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.net.ConnectFailedException;
import dev.weft.testkit.AsyncTest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** {@code wss:} against the JDK's own TLS, which stands before our server and passes bytes on. */
class SecureWebSocketTest {
    private static final char[] PASSWORD = "secret".toCharArray();

    @TempDir private static Path folder;

    private static KeyStore forLocalhost;

    @BeforeAll
    static void makeCertificate() throws Exception {
        Path file = folder.resolve("keys.p12");
        Path log = folder.resolve("keytool.log");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process =
                new ProcessBuilder(
                                keytool,
                                "-genkeypair",
                                "-alias",
                                "test",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=localhost",
                                "-ext",
                                "san=dns:localhost",
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-storepass",
                                new String(PASSWORD),
                                "-keystore",
                                file.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        assertThat(process.waitFor()).as(() -> read(log)).isZero();
        forLocalhost = KeyStore.getInstance(file.toFile(), PASSWORD);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SSLContext context(boolean server) {
        try {
            KeyManagerFactory keys =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(forLocalhost, PASSWORD);
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("test", forLocalhost.getCertificate("test"));
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(server ? keys.getKeyManagers() : null, trust.getTrustManagers(), null);
            return context;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends TLS and passes bytes on, with threads of its own. */
    private static final class Terminator implements Closeable {
        private final SSLServerSocket listening;
        private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();

        Terminator(int target) {
            try {
                listening =
                        (SSLServerSocket)
                                context(true)
                                        .getServerSocketFactory()
                                        .createServerSocket(
                                                0, 5, InetAddress.getByName("127.0.0.1"));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            Thread.ofPlatform().daemon().start(() -> accept(target));
        }

        private void accept(int target) {
            try {
                for (; ; ) {
                    Socket client = listening.accept();
                    sockets.add(client);
                    Socket server = new Socket("127.0.0.1", target);
                    sockets.add(server);
                    Thread.ofPlatform().daemon().start(() -> pump(client, server));
                    Thread.ofPlatform().daemon().start(() -> pump(server, client));
                }
            } catch (IOException e) {
                // closed
            }
        }

        private static void pump(Socket from, Socket to) {
            try (from;
                    to;
                    InputStream in = from.getInputStream()) {
                in.transferTo(to.getOutputStream());
            } catch (IOException e) {
                // refused by the client, or closed
            }
        }

        int port() {
            return listening.getLocalPort();
        }

        @Override
        public void close() {
            try {
                listening.close();
                for (Socket socket : sockets) {
                    socket.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static URI url(String host, Terminator tls) {
        return URI.create("wss://" + host + ":" + tls.port() + "/");
    }

    @AsyncTest
    void aTrustedCertificateOfTheRightHostIsAccepted() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
                Terminator tls = new Terminator(server.port());
                WebSocket socket =
                        WebSocket.connect(
                                url("localhost", tls),
                                WebSocketOptions.defaults().tls(context(false)))) {
            String much = "secret".repeat(50_000);
            socket.send(much);
            assertThat(socket.receiveText()).isEqualTo(much);
        }
    }

    @AsyncTest
    void aTrustedCertificateOfAnotherHostIsRefused() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
                Terminator tls = new Terminator(server.port())) {
            WebSocketOptions options = WebSocketOptions.defaults().tls(context(false));
            assertThatThrownBy(() -> WebSocket.connect(url("127.0.0.1", tls), options))
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("no secure connection")
                    .hasMessageContaining("127.0.0.1");
        }
    }

    @AsyncTest
    void anUnknownCertificateIsRefused() {
        try (WebSocketServer server = WebSocketServer.listen("127.0.0.1", 0, WebSocketTest::echo);
                Terminator tls = new Terminator(server.port())) {
            assertThatThrownBy(() ->
                            WebSocket.connect(url("localhost", tls), WebSocketOptions.defaults()))
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("no secure connection");
        }
    }
}
