package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;

/** Streams over TLS: data, and the ends of it. */
class TlsStreamTest extends TlsTests {
    @AsyncTest
    void bytesComeBack() {
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            stream.write("Hello World!");
            assertThat(new String(stream.readExactly(12))).isEqualTo("Hello World!");
            TlsSession session = stream.tls();
            assertThat(session.protocol()).isEqualTo("TLSv1.3");
            assertThat(session.cipherSuite()).startsWith("TLS_");
            assertThat(session.applicationProtocol()).isNull();
            assertThat(session.serverName()).isNull();
            assertThat(session.peerCertificates())
                    .first()
                    .isEqualTo(Certs.LOCALHOST.getCertificate());
        }
    }

    /** Shown in ClientTls. */
    static String first(String host, int port, TlsTrust ourOwnAuthority) {
        // @start region="connect"
        TcpOptions options = TcpOptions.defaults().tls(ClientTls.defaults().trust(ourOwnAuthority));
        try (ByteStream stream = Tcp.connect(host, port, options)) {
            stream.write("hello\n");
            return stream.readLine();
        }
        // @end
    }

    @AsyncTest
    void theExampleWorks() {
        try (Server server =
                listen(server(), stream -> stream.write(stream.readLine().toUpperCase() + "\n"))) {
            assertThat(first("localhost", server.port(), Certs.TRUST)).isEqualTo("HELLO");
        }
    }

    @AsyncTest
    void withoutTlsThereIsNoSession() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(stream.tls()).isNull();
        }
    }

    @AsyncTest
    void protocolVersionsCanBeChosen() {
        for (String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (Server server = listen(server(), TcpEchoTest::echo);
                    ByteStream stream = connect(server, client().protocols(protocol))) {
                stream.write("x");
                assertThat(stream.read()).containsExactly('x');
                assertThat(stream.tls().protocol()).isEqualTo(protocol);
            }
        }
    }

    @AsyncTest
    void muchComesBackWholeInBothDirectionsAtOnce() {
        byte[] sent = new byte[8_000_000];
        new Random(7).nextBytes(sent);
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            Task<byte[]> reading = async(() -> stream.readExactly(sent.length));
            for (int i = 0; i < sent.length; i += 100_000) {
                stream.write(Arrays.copyOfRange(sent, i, i + 100_000));
            }
            assertThat(Arrays.equals(await(reading), sent)).isTrue();
        }
    }

    @AsyncTest
    void whoDoesNotReadHoldsTheWriterUp() {
        Promise<Void> release = Promise.create();
        byte[] chunk = new byte[64 * 1024];
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    await(release);
                                    while (stream.read() != null) {}
                                });
                ByteStream stream = connect(server, client())) {
            Task<Integer> writing =
                    async(() -> {
                        for (int i = 0; i < 1000; i++) {
                            stream.write(chunk);
                        }
                        return 1000;
                    });
            assertThat(
                            Async.awaitFirst(
                                            java.util.List.of(writing),
                                            java.time.Duration.ofMillis(300))
                                    .done())
                    .isEmpty();
            release.complete(null);
            assertThat(await(writing)).isEqualTo(1000);
        }
    }

    @AsyncTest
    void closingIsANormalEnd() {
        try (Server server = listen(server(), stream -> stream.write("bye"));
                ByteStream stream = connect(server, client())) {
            assertThat(stream.readAll(100)).asString().isEqualTo("bye");
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void afterTheEndOfTheOutputTheInputGoesOn() {
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    stream.shutdownOutput();
                                    byte[] all = stream.readAll(1_000_000);
                                    assertThat(all).hasSize(isJdk() ? 500_000 : 0);
                                });
                ByteStream stream = connect(server, client().protocols("TLSv1.3"))) {
            assertThat(stream.read()).isNull();
            if (isJdk()) {
                stream.write(new byte[500_000]);
                stream.shutdownOutput();
            } else {
                assertThatThrownBy(() -> stream.write("x"))
                        .isInstanceOf(BrokenConnectionException.class)
                        .hasMessageContaining("the peer has ended its output");
                stream.abort();
            }
        }
    }

    @AsyncTest
    void theAnswerComesAfterTheEndOfTheQuestion() {
        if (!isJdk()) {
            return; // BoringSSL's side ends with the peer's: see TlsProvider.OPENSSL
        }
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    byte[] all = stream.readAll(1_000_000);
                                    stream.write(all.length + " bytes");
                                });
                ByteStream stream = connect(server, client())) {
            stream.write(new byte[300_000]);
            stream.shutdownOutput();
            assertThat(stream.readAll(100)).asString().isEqualTo("300000 bytes");
            assertThatThrownBy(() -> stream.write("x")).isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void inTls12TheEndOfOneOutputEndsTheOther() {
        Promise<Throwable> seen = Promise.create();
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    assertThat(stream.readAll(100)).asString().isEqualTo("all");
                                    try {
                                        stream.write("x");
                                        seen.complete(null);
                                    } catch (BrokenConnectionException e) {
                                        seen.complete(e);
                                    }
                                });
                ByteStream stream = connect(server, client().protocols("TLSv1.2"))) {
            stream.write("all");
            stream.shutdownOutput();
            assertThat(await(seen)).hasMessageContaining("TLSv1.2");
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void anEndWithoutCloseNotifyIsTruncation() {
        // A relay between the two, which ends the connection when it is told to.
        Promise<Void> cut = Promise.create();
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    stream.write("all that came");
                                    stream.read();
                                });
                Server relay = relay(server, cut, false);
                ByteStream stream = connect(relay, client())) {
            assertThat(stream.readExactly(8)).asString().isEqualTo("all that");
            cut.complete(null);
            assertThat(stream.readExactly(5)).asString().isEqualTo(" came");
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("truncated")
                    .hasMessageContaining("close_notify");
        }
    }

    @AsyncTest
    void aResetIsTruncation() {
        Promise<Void> cut = Promise.create();
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    stream.write("all");
                                    stream.read();
                                });
                Server relay = relay(server, cut, true);
                ByteStream stream = connect(relay, client())) {
            assertThat(stream.readExactly(3)).asString().isEqualTo("all");
            cut.complete(null);
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("truncated");
        }
    }

    /** Carries bytes on until it is told to cut both sides. */
    static Server relay(Server target, Promise<Void> cut, boolean reset) {
        return Tcp.listen(
                "127.0.0.1",
                0,
                client -> {
                    try (ByteStream server = Tcp.connect("127.0.0.1", target.port())) {
                        Task<Void> there = async(() -> carry(client, server));
                        Task<Void> back = async(() -> carry(server, client));
                        await(cut);
                        there.cancel();
                        back.cancel();
                        server.abort();
                        if (reset) {
                            client.abort();
                        }
                    }
                });
    }

    private static Void carry(ByteStream from, ByteStream to) {
        for (ByteView view; (view = from.readView()) != null; ) {
            to.write(view);
        }
        return null;
    }

    @AsyncTest
    void closingSendsAllThatWasWritten() {
        Promise<Integer> count = Promise.create();
        try (Server server =
                listen(
                        server(),
                        stream -> {
                            try {
                                count.complete(stream.readAll(10_000_000).length);
                            } catch (Throwable e) {
                                count.fail(e);
                            }
                        })) {
            ByteStream stream = connect(server, client());
            stream.write(new byte[3_000_000]);
            stream.close();
            assertThat(await(count)).isEqualTo(3_000_000);
        }
    }

    @AsyncTest
    void anAbortIsSeenByThePeerAsABrokenConnection() {
        Promise<Throwable> seen = Promise.create();
        try (Server server =
                listen(
                        server(),
                        stream -> {
                            try {
                                stream.read();
                                seen.complete(null);
                            } catch (Throwable e) {
                                seen.complete(e);
                                throw e;
                            }
                        })) {
            ByteStream stream = connect(server, client());
            stream.abort();
            stream.abort();
            assertThat(await(seen)).isInstanceOf(BrokenConnectionException.class);
            stream.close();
        }
    }

    @AsyncTest
    void closingTwiceAndUsingItAfterwards() {
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            ByteStream stream = connect(server, client());
            stream.close();
            stream.close();
            assertThat(stream.isOpen()).isFalse();
            assertThatThrownBy(stream::read).isInstanceOf(StreamClosedException.class);
            assertThatThrownBy(() -> stream.write("x")).isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest
    void pipesCarryTlsOn() {
        try (Server server = listen(server(), TcpEchoTest::echo);
                Server terminator =
                        listen(
                                server(),
                                client -> {
                                    try (ByteStream target = connect(server, client())) {
                                        ByteStream.pipe(client, target);
                                    }
                                });
                ByteStream stream = connect(terminator, client())) {
            byte[] much = new byte[1_000_000];
            new Random(3).nextBytes(much);
            Task<byte[]> reading = async(() -> stream.readExactly(much.length));
            stream.write(much);
            assertThat(Arrays.equals(await(reading), much)).isTrue();
            stream.shutdownOutput();
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void sessionsAreResumed() {
        for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
            List<Promise<Boolean>> resumed =
                    List.of(Promise.create(), Promise.create(), Promise.create(), Promise.create());
            int[] served = {0};
            ClientTls client = client().protocols(protocol);
            try (Server server =
                    listen(
                            server(),
                            stream -> {
                                stream.write(stream.read());
                                resumed.get(served[0]++).complete(stream.tls().resumed());
                            })) {
                for (int i = 0; i < 3; i++) {
                    // One connection uses up a ticket, and the next comes with what it receives.
                    try (ByteStream stream = connect(server, client)) {
                        assertThat(stream.tls().resumed()).as(protocol + " " + i).isEqualTo(i > 0);
                        assertThat(stream.tls().peerCertificates())
                                .first()
                                .isEqualTo(Certs.LOCALHOST.getCertificate());
                        stream.write("x");
                        assertThat(stream.readAll(10)).hasSize(1);
                    }
                    assertThat(await(resumed.get(i))).as(protocol + " " + i).isEqualTo(i > 0);
                }
                // Other options have sessions of their own.
                try (ByteStream stream = connect(server, client().protocols(protocol))) {
                    assertThat(stream.tls().resumed()).isFalse();
                    stream.abort();
                }
            }
        }
    }

    @AsyncTest
    void aCancelledConnectLeavesNothingOpenWhereverItIs() {
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            ClientTls tls = client();
            connect(server, tls).close(); // has read the files
            for (int i = 0; i < 60; i++) {
                Task<ByteStream> connecting = async(() -> connect(server, tls));
                for (int n = 0; n < i; n++) {
                    Async.yieldNow();
                }
                connecting.cancel();
                try {
                    await(connecting).close();
                } catch (CancellationException e) {
                    assertThat(connecting.isCancelled()).isTrue();
                }
            }
        }
    }

    @AsyncTest
    void theWiresBytesAreCounted() {
        var net = dev.weft.net.internal.LoopNet.of(dev.weft.Loop.current());
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            long before = net.bytesWritten();
            stream.write("x".repeat(1000));
            stream.readExactly(1000);
            // Both directions, each in a record with a header and a tag.
            assertThat(net.bytesWritten() - before).isBetween(2 * 1017L, 2 * 1300L);
            assertThat(net.bytesRead()).isGreaterThan(2000);
        }
    }

    @AsyncTest
    void viewsAreOfPlainText() throws IOException {
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            stream.outputStream().write("plain".getBytes(StandardCharsets.UTF_8));
            assertThat(stream.readView().toString()).isEqualTo("plain");
        }
    }
}
