package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Task;
import dev.weft.net.internal.LoopNet;
import dev.weft.testkit.AsyncTest;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;

/** Limits of idleness to the nanosecond: over a channel in memory, by the virtual clock. */
class IdleClockTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final EmbeddedChannel channel = new EmbeddedChannel();

    private ByteStream open() {
        TcpOptions options = TcpOptions.defaults().readIdleTimeout(LIMIT);
        TcpConduit conduit = new TcpConduit(LoopNet.of(Loop.current()), channel, options, null);
        channel.pipeline().addLast(conduit);
        return conduit.stream();
    }

    private void send(int bytes) {
        channel.writeInbound(Unpooled.wrappedBuffer(new byte[bytes]));
    }

    private static Duration now() {
        return Loop.current().time();
    }

    private static Duration untilTimeout(ByteStream stream) {
        Duration start = now();
        assertThatThrownBy(stream::read).isInstanceOf(TimedOutException.class);
        return now().minus(start);
    }

    @AsyncTest(virtual = true)
    void onlyTheTimeThatSomebodyWaitsCounts() {
        ByteStream stream = open();
        Async.sleep(Duration.ofHours(1));
        assertThat(untilTimeout(stream)).isEqualTo(LIMIT);
        assertThat(untilTimeout(stream)).isEqualTo(LIMIT);
        send(3);
        assertThat(stream.read()).hasSize(3);
        Async.sleep(LIMIT.dividedBy(2));
        assertThat(untilTimeout(stream)).isEqualTo(LIMIT);
        channel.finishAndReleaseAll();
    }

    @AsyncTest(virtual = true)
    void everyByteBeginsItAnew() {
        ByteStream stream = open();
        Task<byte[]> reader = async(() -> stream.readExactly(100));
        for (int i = 0; i < 99; i++) {
            Async.sleep(LIMIT.minusNanos(1));
            send(1);
        }
        Async.sleep(LIMIT.minusNanos(1));
        assertThat(reader.isDone()).isFalse();
        Async.sleep(Duration.ofNanos(2));
        assertThatThrownBy(() -> await(reader)).isInstanceOf(TimedOutException.class);
        send(1);
        assertThat(stream.readExactly(100)).hasSize(100);
        channel.finishAndReleaseAll();
    }

    @AsyncTest(virtual = true)
    void aCancelledReadLeavesNoLimitBehind() {
        ByteStream stream = open();
        Task<byte[]> reader = async(() -> stream.read());
        Async.sleep(LIMIT.dividedBy(2));
        reader.cancel();
        assertThatThrownBy(() -> await(reader))
                .isInstanceOf(java.util.concurrent.CancellationException.class);
        assertThat(untilTimeout(stream)).isEqualTo(LIMIT);
        channel.finishAndReleaseAll();
    }
}
