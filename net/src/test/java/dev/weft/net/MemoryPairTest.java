package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.timeout;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Action;
import dev.weft.Loop;
import dev.weft.LoopClock;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.internal.LoopNet;
import dev.weft.testkit.AsyncTest;
import io.netty.channel.Channel;
import io.netty.channel.DefaultFileRegion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a connection in memory has beside what all streams have, which is {@link Wire}'s. */
class MemoryPairTest {
    @AsyncTest(virtual = true)
    void theExampleWorks() {
        // @start region="pair"
        try (MemoryPair pair = MemoryPair.open()) {
            Task<String> question = async(() -> pair.there().readLine());
            pair.here().write("hello\n");
            assertThat(await(question)).isEqualTo("hello");
        }
        // @end
    }

    /** On no other medium can that be said. */
    @AsyncTest(virtual = true)
    void howMuchCanBeWrittenWithoutAReaderIsKnown() {
        try (MemoryPair pair = MemoryPair.open()) {
            byte[] sent = random(1 << 20);
            int accepted = Wire.writeUntilItWaits(pair.here(), sent);
            assertThat(accepted).isBetween(320 * 1024, 320 * 1024 + 20_000);
            assertThat(pair.there().readExactly(accepted)).isEqualTo(Arrays.copyOf(sent, accepted));
        }
    }

    @Test
    @Timeout(10)
    void limitsTakeNoTimeOnAVirtualClock() {
        LoopClock clock = LoopClock.virtual();
        try (Loop loop = Loop.open(LoopOptions.defaults().clock(clock))) {
            loop.run(() -> {
                TcpOptions options = TcpOptions.defaults().closeTimeout(Duration.ofHours(1));
                MemoryPair pair = MemoryPair.open(options);
                Task<?> writer = async(() -> pair.here().write(new byte[1 << 20]));
                yieldNow();
                assertThatThrownBy(pair.here()::close).isInstanceOf(TimedOutException.class);
                assertThat(clock.time()).isBetween(Duration.ofHours(1), Duration.ofMinutes(61));
                assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
                pair.close();
            });
        }
    }

    @AsyncTest(virtual = true)
    void optionsAreThoseOfBothStreams() {
        try (MemoryPair pair = MemoryPair.open(TcpOptions.defaults().maxLineBytes(3))) {
            pair.here().write("1234\n");
            pair.there().write("1234\n");
            assertThatThrownBy(pair.here()::readLine).isInstanceOf(LimitExceededException.class);
            assertThatThrownBy(pair.there()::readLine).isInstanceOf(LimitExceededException.class);
        }
    }

    @AsyncTest
    void closingBothEndsWhoeverUsesThem() {
        MemoryPair pair = MemoryPair.open();
        pair.here().write("never read");
        Task<byte[]> reader = async(() -> pair.here().read());
        Task<?> writer = async(() -> pair.here().write(new byte[1 << 20]));
        yieldNow();
        pair.close();
        pair.close();
        assertThatThrownBy(() -> await(reader)).isInstanceOf(StreamClosedException.class);
        assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
        assertThat(pair.here().isOpen() || pair.there().isOpen()).isFalse();
        assertThat(LoopNet.of(Loop.current()).connections()).isZero();
    }

    @AsyncTest
    void aPairThatNobodyClosesGoesWithItsLoop() {
        MemoryPair pair = MemoryPair.open();
        pair.here().write(new byte[150_000]);
        pair.there().write("view");
        ByteView held = pair.here().readView();
        pair.there().write("never read");
        pair.here().write(held); // and never sent
        assertThat(pair.there().isOpen()).isTrue();
    }

    @AsyncTest
    void aCancelledOpeningLeavesNothing() {
        for (int i = 0; i < 10; i++) {
            Task<MemoryPair> opening = async(() -> MemoryPair.open());
            for (int n = 0; n < i; n++) {
                yieldNow();
            }
            opening.cancel();
            try {
                await(opening).close();
            } catch (CancellationException e) {
                assertThat(opening.isCancelled()).isTrue();
            }
        }
    }

    @AsyncTest(virtual = true)
    void eachPairHasItsAddresses() {
        try (MemoryPair one = MemoryPair.open();
                MemoryPair other = MemoryPair.open()) {
            assertThat(one.here().localAddress())
                    .isNotEqualTo(other.here().localAddress())
                    .isEqualTo(one.there().remoteAddress());
        }
    }

    @Test
    void outsideATaskThereIsNone() {
        assertThatThrownBy(MemoryPair::open).isInstanceOf(IllegalStateException.class);
    }

    /** As Netty sends files: piece by piece, as there is room. */
    @AsyncTest(virtual = true)
    void filesAreCarried(@TempDir Path folder) throws Exception {
        byte[] sent = random(300_000);
        Path file = Files.write(folder.resolve("file"), sent);
        try (MemoryPair pair = MemoryPair.open()) {
            Promise<Boolean> whole = Promise.create();
            Channel channel = pair.here().conduit().channel();
            channel.eventLoop()
                    .execute(() ->
                            channel.writeAndFlush(
                                            new DefaultFileRegion(file.toFile(), 0, sent.length))
                                    .addListener(f -> whole.complete(f.isSuccess())));
            assertThat(pair.there().readExactly(sent.length)).isEqualTo(sent);
            assertThat(await(whole)).isTrue();
        }
    }

    @AsyncTest(virtual = true)
    void tlsOnAVirtualClock() {
        try (MemoryPair pair = MemoryPair.open()) {
            Task<TlsSession> server =
                    async(() ->
                            pair.there()
                                    .upgradeToTls(ServerTls.of(Certs.identity(Certs.LOCALHOST))));
            TlsSession client =
                    pair.here().upgradeToTls(ClientTls.defaults().trust(Certs.TRUST), "localhost");
            assertThat(client.protocol()).isEqualTo("TLSv1.3");
            await(server);
            pair.there().write("secret");
            assertThat(pair.here().readExactly(6)).asString().isEqualTo("secret");
        }
    }

    /** Only streams in memory are to be had there. */
    @AsyncTest(virtual = true)
    void socketsOnALoopWithoutIoAreRefused() {
        for (Action opening :
                List.<Action>of(
                        () -> Tcp.connect("127.0.0.1", 1),
                        () -> Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo),
                        () -> Unix.connect(Path.of("no-such-file")),
                        () -> Unix.listen(Path.of("no-such-file"), TcpEchoTest::echo),
                        () -> Udp.bind("127.0.0.1", 0),
                        () -> Udp.connect("127.0.0.1", 1))) {
            assertThatThrownBy(() -> timeout(Duration.ofMinutes(1), opening))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("this loop has no I/O");
        }
    }
}
