package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** From plain to TLS in the middle of a stream. */
class TlsUpgradeTest extends TlsTests {
    private static Server plain(StreamHandler handler) {
        return Tcp.listen("127.0.0.1", 0, handler);
    }

    @AsyncTest
    void bothSidesGoOverWhenTheyAgree() {
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            stream.write("ready\n");
                            // @start region="server"
                            if (stream.readLine().equals("STARTTLS")) {
                                stream.write("go ahead\n");
                                stream.upgradeToTls(tls);
                            }
                            // @end
                            TcpEchoTest.echo(stream);
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            assertThat(stream.readLine()).isEqualTo("ready");
            ClientTls client = client();
            // @start region="client"
            stream.write("STARTTLS\n");
            if (stream.readLine().equals("go ahead")) {
                TlsSession session = stream.upgradeToTls(client);
                assertThat(session.protocol()).isEqualTo("TLSv1.3");
            }
            // @end
            assertThat(stream.tls()).isNotNull();
            stream.write("secret");
            assertThat(stream.readExactly(6)).asString().isEqualTo("secret");
        }
    }

    @AsyncTest
    void whatComesBeforeTheUpgradeBelongsToTls() {
        // The client does not wait for the answer: its ClientHello is with the line before.
        Promise<Void> sent = Promise.create();
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            await(sent);
                            Async.sleep(Duration.ofMillis(50)); // all of it is there
                            assertThat(stream.readLine()).isEqualTo("STARTTLS");
                            assertThat(stream.tls()).isNull();
                            stream.upgradeToTls(tls);
                            TcpEchoTest.echo(stream);
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.write("STARTTLS\n");
            Task<TlsSession> upgrading = async(() -> stream.upgradeToTls(client()));
            Async.yieldNow();
            sent.complete(null);
            await(upgrading);
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
        }
    }

    @AsyncTest
    void aClientHelloThatComesByteByByteIsFound() throws Exception {
        byte[] hello = clientHello();
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            stream.readLine();
                            stream.upgradeToTls(tls);
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.write("STARTTLS\n");
            for (byte b : hello) {
                stream.write(new byte[] {b});
                stream.flush();
            }
            byte[] answer = stream.readExactly(6);
            assertThat(answer[0]).isEqualTo((byte) 22); // a handshake record
            assertThat(answer[5]).isEqualTo((byte) 2); // ServerHello
            stream.abort();
        }
    }

    /** The JDK's. */
    private static byte[] clientHello() throws Exception {
        var engine = SSLContext.getDefault().createSSLEngine("localhost", 1);
        engine.setUseClientMode(true);
        engine.beginHandshake();
        var out = ByteBuffer.allocate(20_000);
        engine.wrap(ByteBuffer.allocate(0), out);
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    @AsyncTest
    void whatWasWrittenBeforeLeavesUnencryptedAndInOrder() {
        byte[] much = new byte[3_000_000];
        Arrays.fill(much, (byte) 'p');
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            byte[] first = stream.readExactly(much.length + 1);
                            assertThat(first[much.length]).isEqualTo((byte) '\n');
                            stream.upgradeToTls(tls);
                            TcpEchoTest.echo(stream);
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.write(much);
            stream.write("\n");
            stream.upgradeToTls(client());
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
        }
    }

    @AsyncTest
    void readingHadPausedBeforeTheUpgrade() {
        // The server has far more unread than it takes before it pauses; all of it is plain.
        ServerTls tls = server();
        int size = 400_000;
        try (Server server =
                        plain(stream -> {
                            stream.readExactly(1);
                            Async.sleep(Duration.ofMillis(30)); // until it pauses
                            stream.readExactly(size - 1);
                            stream.upgradeToTls(tls);
                            TcpEchoTest.echo(stream);
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.write(new byte[size]);
            stream.upgradeToTls(client());
            byte[] much = new byte[300_000];
            Task<byte[]> reading = async(() -> stream.readExactly(much.length));
            stream.write(much);
            assertThat(await(reading)).hasSize(much.length);
        }
    }

    @AsyncTest
    void theClientMayBeTheOneThatListens() {
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            stream.upgradeToTls(client(), "localhost");
                            stream.write("I am the client");
                            stream.read();
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.upgradeToTls(tls);
            assertThat(stream.readExactly(15)).asString().isEqualTo("I am the client");
        }
    }

    @AsyncTest
    void anUnknownNameCannotBeVerified() {
        try (Server server =
                        plain(stream -> {
                            assertThatThrownBy(() -> stream.upgradeToTls(client()))
                                    .isInstanceOf(IllegalStateException.class)
                                    .hasMessageContaining("serverName");
                            stream.write("fine");
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            assertThat(stream.readAll(100)).asString().isEqualTo("fine");
        }
    }

    @AsyncTest
    void itIsDoneOnce() {
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            assertThatThrownBy(() -> stream.upgradeToTls(client()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("already");
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
        }
    }

    @AsyncTest
    void whileItGoesOnOthersMayNeitherReadNorWrite() {
        try (Server server = plain(stream -> Async.sleep(Duration.ofHours(1)));
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            Task<TlsSession> upgrading = async(() -> stream.upgradeToTls(client()));
            assertThat(Async.awaitFirst(List.of(upgrading), Duration.ofMillis(100)).done())
                    .isEmpty();
            assertThatThrownBy(stream::read).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> stream.write("x")).isInstanceOf(BusyException.class);
            assertThatThrownBy(stream::flush).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> stream.upgradeToTls(client()))
                    .isInstanceOf(BusyException.class);
            upgrading.cancel();
            assertThatThrownBy(() -> await(upgrading)).isInstanceOf(CancellationException.class);
            assertThat(stream.isOpen()).isFalse();
        }
    }

    @AsyncTest
    void whileSomebodyReadsItIsAnErrorAndNothingIsLost() {
        try (Server server = plain(TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            ClientTls tls = client();
            Task<byte[]> reading = async(() -> stream.read());
            Async.yieldNow();
            assertThatThrownBy(() -> stream.upgradeToTls(tls)).isInstanceOf(BusyException.class);
            stream.write("plain");
            assertThat(await(reading)).asString().isEqualTo("plain");
        }
    }

    @AsyncTest
    void closingEndsIt() {
        try (Server server = plain(stream -> Async.sleep(Duration.ofHours(1)))) {
            ByteStream stream = Tcp.connect("localhost", server.port());
            Task<TlsSession> upgrading = async(() -> stream.upgradeToTls(client()));
            Async.awaitFirst(List.of(upgrading), Duration.ofMillis(50));
            stream.close();
            assertThatThrownBy(() -> await(upgrading)).isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void aClosedStreamCannotBeUpgraded() {
        try (Server server = plain(TcpEchoTest::echo)) {
            ByteStream stream = Tcp.connect("localhost", server.port());
            stream.close();
            assertThatThrownBy(() -> stream.upgradeToTls(client()))
                    .isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void anEndInTheMiddleOfTheHandshakeIsABrokenConnection() {
        for (int read : new int[] {0, 1, 100}) {
            try (Server server =
                            plain(stream -> {
                                if (read > 0) {
                                    stream.readExactly(read);
                                }
                            });
                    ByteStream stream = Tcp.connect("localhost", server.port())) {
                assertThatThrownBy(() -> stream.upgradeToTls(client()))
                        .isInstanceOf(BrokenConnectionException.class)
                        .hasMessageContaining("in the middle of the TLS handshake");
                assertThat(stream.isOpen()).isFalse();
            }
        }
    }

    @AsyncTest
    void anInputThatEndedBeforeTheUpgradeIsSeenByIt() {
        Promise<Throwable> seen = Promise.create();
        ServerTls tls = server();
        try (Server server =
                        plain(stream -> {
                            stream.readLine();
                            Async.sleep(Duration.ofMillis(30)); // the end is there
                            try {
                                stream.upgradeToTls(tls);
                            } catch (Throwable e) {
                                seen.complete(e);
                            }
                        });
                ByteStream stream = Tcp.connect("localhost", server.port())) {
            stream.write("STARTTLS\n");
            stream.shutdownOutput();
            assertThat(await(seen)).isInstanceOf(BrokenConnectionException.class);
        }
    }

    @AsyncTest
    void allThatComesWithTheEndIsRead() throws Exception {
        // Data, close_notify and the end of the connection in one go, just after the handshake:
        // with a client's certificate, which is checked meanwhile.
        ServerTls tls = server().clientCertificates(ClientCertificates.REQUIRED, Certs.TRUST);
        ClientTls client = client().identity(Certs.identity(Certs.issued("c")));
        for (int i = 0; i < 20; i++) {
            Promise<String> all = Promise.create();
            try (Server server =
                    listen(
                            tls,
                            stream -> {
                                try {
                                    all.complete(
                                            new String(
                                                    stream.readAll(100), StandardCharsets.UTF_8));
                                } catch (Throwable e) {
                                    all.fail(e);
                                }
                            })) {
                try (ByteStream stream = connect(server, client)) {
                    stream.write("all of it");
                }
                assertThat(await(all)).isEqualTo("all of it");
            }
        }
    }

    @AsyncTest
    void cancelledAtAnyPointItLeavesNothing() throws Exception {
        ServerTls tls = server();
        ClientTls client = client();
        for (int i = 0; i < 60; i++) {
            int turns = i;
            try (Server server = plain(stream -> stream.upgradeToTls(tls));
                    ByteStream stream = Tcp.connect("localhost", server.port())) {
                Task<TlsSession> upgrading = async(() -> stream.upgradeToTls(client));
                for (int n = 0; n < turns; n++) {
                    Async.yieldNow();
                }
                if (upgrading.cancel()) {
                    assertThatThrownBy(() -> await(upgrading))
                            .isInstanceOf(CancellationException.class);
                }
            }
        }
    }

    @AsyncTest
    void aBlockingPeerOfTheJdksWorksBothWays() throws Exception {
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            int port = server.port();
            String answer =
                    Async.await(
                            CompletableFuture.supplyAsync(
                                    () -> askWithTheJdk(port), Thread::startVirtualThread));
            assertThat(answer).isEqualTo("question");
        }
    }

    private static String askWithTheJdk(int port) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {Certs.AUTHORITY.toTrustManager()}, null);
            try (Socket socket = context.getSocketFactory().createSocket("localhost", port);
                    OutputStream out = socket.getOutputStream();
                    InputStream in = socket.getInputStream()) {
                out.write("question".getBytes(StandardCharsets.UTF_8));
                out.flush();
                return new String(in.readNBytes(8), StandardCharsets.UTF_8);
            }
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
