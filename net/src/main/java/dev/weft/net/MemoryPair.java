package dev.weft.net;

import dev.weft.net.internal.MemoryChannel;
import java.util.List;
import java.util.Objects;

/**
 * Two streams that are connected with each other in memory, for tests: what is written to one is
 * read from the other. They behave as streams of {@link Tcp} do, in every respect that {@link
 * ByteStream} tells, TLS by {@link ByteStream#upgradeToTls} included; but nothing of the operating
 * system takes part, so they work on any loop, also on one with a virtual clock. Counterpart of
 * Trio's {@code memory_stream_pair}.
 *
 * <p>Between the two there is room for 64 KiB in each direction, beside what each end keeps itself.
 * So if nobody reads, 320 KiB can be written before a writer waits, always.
 *
 * {@snippet file="MemoryPairTest.java" region="pair"}
 *
 * @param here one end
 * @param there the other end
 */
public record MemoryPair(ByteStream here, ByteStream there) implements AutoCloseable {
    /**
     * Checks that there are two.
     *
     * @param here one end
     * @param there the other end
     */
    public MemoryPair {
        Objects.requireNonNull(here, "here must not be null");
        Objects.requireNonNull(there, "there must not be null");
    }

    /**
     * Opens a connection, with the default options.
     *
     * <p><b>Suspends</b> shortly. <b>Cancellation</b>: nothing is left open.
     *
     * @return both ends, which the caller has to close, each by itself or both with {@link #close}
     * @throws IllegalStateException outside a task
     */
    public static MemoryPair open() {
        return open(TcpOptions.defaults());
    }

    /**
     * As {@link #open()}, with options.
     *
     * @param options of both streams; what is about connecting and listening is not looked at
     * @return both ends, which the caller has to close
     */
    public static MemoryPair open(TcpOptions options) {
        Objects.requireNonNull(options, "options must not be null");
        List<TcpConduit> ends =
                MemoryChannel.open((net, channel) -> {
                    TcpConduit conduit = new TcpConduit(net, channel, options, null);
                    channel.pipeline().addLast(conduit);
                    return conduit;
                });
        return new MemoryPair(ends.getFirst().stream(), ends.getLast().stream());
    }

    /**
     * Closes both ends at once, and drops what was not read. Idempotent.
     *
     * <p><b>Suspends</b> until they are closed. <b>Cancellation</b>: ends the wait alone.
     */
    @Override
    public void close() {
        here.abort();
        there.abort();
        here.close();
        there.close();
    }
}
