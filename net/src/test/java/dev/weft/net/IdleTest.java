package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Peers that are idle while a task waits for them. */
class IdleTest {
    private static final Duration SHORT = Duration.ofMillis(120);
    private static final Duration LONG = Duration.ofSeconds(2);
    private static final int MUCH = 20_000_000;

    private static TcpOptions reading(Duration limit) {
        return TcpOptions.defaults().readIdleTimeout(limit);
    }

    private static TcpOptions writing(Duration limit) {
        return TcpOptions.defaults().writeIdleTimeout(limit);
    }

    private static void assertTimesOut(String option, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        TimedOutException.class, e -> assertThat(e.limit()).isEqualTo(SHORT))
                .hasMessageContaining(option + " of 120 ms");
    }

    @Test
    void aLimitIsPositiveOrThereIsNone() {
        assertThat(TcpOptions.defaults().readIdleTimeout()).isNull();
        assertThat(TcpOptions.defaults().writeIdleTimeout()).isNull();
        assertThat(reading(SHORT).readIdleTimeout()).isEqualTo(SHORT);
        assertThat(reading(SHORT).readIdleTimeout(null).readIdleTimeout()).isNull();
        assertThat(UnixOptions.defaults().writeIdleTimeout(SHORT).writeIdleTimeout())
                .isEqualTo(SHORT);
        assertThatThrownBy(() -> reading(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("readIdleTimeout must be > 0, was PT0S");
        assertThatThrownBy(() -> writing(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("writeIdleTimeout must be > 0, was PT-1S");
    }

    @AsyncTest
    void aReadThatTimesOutHasTakenNothing() throws Exception {
        ByteStreamTest.connected(
                reading(SHORT),
                (here, there) -> {
                    here.write("abc");
                    assertTimesOut("readIdleTimeout", () -> there.readExactly(6));
                    assertTimesOut("readIdleTimeout", () -> there.readUntil("\n"));
                    assertThat(there.isOpen()).isTrue();
                    here.write("def\n");
                    assertThat(there.readLine()).isEqualTo("abcdef");
                    assertTimesOut("readIdleTimeout", there::read);
                    assertTimesOut("readIdleTimeout", there::readView);
                });
    }

    @AsyncTest
    void aPeerThatTakesNothingEndsTheWaitAlone() throws Exception {
        ByteStreamTest.connected(
                writing(SHORT),
                (here, there) -> {
                    byte[] much = new byte[MUCH];
                    much[MUCH - 1] = 7;
                    assertThatThrownBy(() -> here.write(much))
                            .isInstanceOf(TimedOutException.class)
                            .hasMessageMatching(".* writeIdleTimeout of 120 ms: about \\d+ bytes.*")
                            .hasMessageContaining("stay to be sent");
                    assertTimesOut("writeIdleTimeout", here::flush);
                    assertTimesOut("writeIdleTimeout", here::shutdownOutput);
                    assertThat(there.readAll(MUCH)).isEqualTo(much);
                });
    }

    @AsyncTest
    void aSlowPeerIsNotIdle() throws Exception {
        Duration pause = Duration.ofMillis(150);
        ByteStreamTest.connected(
                writing(Duration.ofSeconds(1)),
                (here, there) -> {
                    Task<?> writer = async(() -> here.write(new byte[3 * MUCH]));
                    for (int i = 0; i < 15; i++) {
                        there.readExactly(3 * MUCH / 15);
                        Async.sleep(pause); // a slow peer, not a wait for something
                    }
                    await(writer);
                });
    }

    @AsyncTest
    void anIdleClientIsNoFailureOfItsServer() throws Exception {
        Promise<Throwable> thrown = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                reading(SHORT),
                                stream -> {
                                    try {
                                        stream.readLine();
                                    } catch (TimedOutException e) {
                                        thrown.complete(e);
                                        throw e;
                                    }
                                });
                ByteStream silent = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(await(thrown)).hasMessageContaining("readIdleTimeout");
            assertThat(silent.read()).isNull();
        }
    }

    @AsyncTest
    void closingEndsTheWaitOfAReaderWithALimit() throws Exception {
        ByteStreamTest.connected(
                reading(LONG),
                (here, there) -> {
                    Task<byte[]> reader = async(() -> here.read());
                    Async.yieldNow();
                    here.close();
                    assertThatThrownBy(() -> await(reader))
                            .isInstanceOf(StreamClosedException.class);
                });
    }

    @AsyncTest
    void tlsHasTheSameLimits() throws Exception {
        Promise<Void> read = Promise.create();
        ServerTls tls = ServerTls.of(Certs.identity(Certs.LOCALHOST));
        ClientTls trusting = ClientTls.defaults().trust(Certs.TRUST);
        TcpOptions both = reading(SHORT).writeIdleTimeout(SHORT);
        try (Server server =
                        Tcp.listen(
                                "0.0.0.0",
                                0,
                                TcpOptions.defaults().tls(tls),
                                stream -> {
                                    await(read);
                                    stream.write("got " + stream.readExactly(MUCH).length);
                                });
                ByteStream stream = Tcp.connect("localhost", server.port(), both.tls(trusting))) {
            assertTimesOut("readIdleTimeout", stream::read);
            assertTimesOut("writeIdleTimeout", () -> stream.write(new byte[MUCH]));
            assertTimesOut("writeIdleTimeout", stream::flush);
            read.complete(null);
            // The server is busy for a while before it answers.
            assertThat(eventually(stream)).asString().isEqualTo("got " + MUCH);
        }
    }

    private static byte[] eventually(ByteStream stream) {
        for (; ; ) {
            try {
                return stream.read();
            } catch (TimedOutException e) {
                // not yet
            }
        }
    }

    /** Between a client and a TLS server: hands on what that sends, a little at a time. */
    private static Server slowRelay(int port, Duration pause) {
        return Tcp.listen(
                "0.0.0.0",
                0,
                client -> {
                    try (ByteStream server = Tcp.connect("localhost", port)) {
                        Task<?> up =
                                async(() -> {
                                    for (ByteView v; (v = client.readView()) != null; ) {
                                        server.write(v);
                                    }
                                });
                        try {
                            for (byte[] b; (b = server.read(1500)) != null; ) {
                                client.write(b);
                                Async.sleep(pause);
                            }
                        } finally {
                            up.cancel();
                        }
                    }
                });
    }

    @AsyncTest
    void aPartOfARecordIsASignOfLife() {
        ServerTls tls = ServerTls.of(Certs.identity(Certs.LOCALHOST));
        ClientTls trusting = ClientTls.defaults().trust(Certs.TRUST);
        Promise<Void> done = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "0.0.0.0",
                                0,
                                TcpOptions.defaults().tls(tls),
                                stream -> {
                                    stream.write(new byte[16_000]); // one record
                                    await(done);
                                });
                Server relay = slowRelay(server.port(), Duration.ofMillis(150));
                ByteStream stream =
                        Tcp.connect(
                                "localhost",
                                relay.port(),
                                reading(Duration.ofMillis(800)).tls(trusting))) {
            assertThat(stream.readExactly(16_000)).hasSize(16_000);
            done.complete(null);
        }
    }

    @AsyncTest
    void unixSocketsHaveTheSameLimits() throws Exception {
        Path folder = Files.createTempDirectory("weft-idle");
        Path path = folder.resolve("s");
        Promise<Void> done = Promise.create();
        UnixOptions both = UnixOptions.defaults().readIdleTimeout(SHORT).writeIdleTimeout(SHORT);
        try (Server server = Unix.listen(path, stream -> await(done));
                ByteStream stream = Unix.connect(UnixAddress.of(path), both)) {
            assertThat(server.localAddress()).isEqualTo(stream.remoteAddress());
            assertTimesOut("readIdleTimeout", stream::read);
            assertTimesOut("writeIdleTimeout", () -> stream.write(new byte[MUCH]));
            stream.abort();
            done.complete(null);
        } finally {
            Files.delete(folder);
        }
    }
}
