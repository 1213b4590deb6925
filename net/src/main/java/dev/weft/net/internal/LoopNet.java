package dev.weft.net.internal;

import dev.weft.Loop;
import dev.weft.net.DnsOptions;
import dev.weft.netty.NettyBridge;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoopGroup;
import java.util.Map;
import java.util.WeakHashMap;

/** What a loop's connections share: its event loop, counters and resolver. */
public final class LoopNet {
    private final Loop loop;
    private final IoEventLoopGroup group;

    /** Counters are written on the event loop, and read as snapshots from any thread. */
    private long bytesRead;

    private long bytesWritten;
    private int connections;

    /** One for each options object, as long as that is in use. */
    private final Map<DnsOptions, Dns> resolvers = new WeakHashMap<>();

    private LoopNet(Loop loop) {
        this.loop = loop;
        group = NettyBridge.eventLoopGroup(loop);
    }

    /**
     * The one of a loop.
     *
     * @param loop the loop
     * @return always the same for one loop
     */
    public static LoopNet of(Loop loop) {
        return NettyBridge.local(loop, LoopNet.class, () -> new LoopNet(loop));
    }

    /**
     * Whose it is.
     *
     * @return the loop
     */
    public Loop loop() {
        return loop;
    }

    IoEventLoopGroup group() {
        return group;
    }

    EventLoop eventLoop() {
        return group.next();
    }

    /**
     * What looks names up with these options, for tasks of the loop. It keeps no socket open
     * between questions, so it needs no closing.
     */
    Dns dns(DnsOptions options) {
        synchronized (resolvers) {
            // A copy within, or the value would hold its key for ever.
            return resolvers.computeIfAbsent(
                    options, given -> new Dns(this, given.ndots(given.ndots())));
        }
    }

    /** Counts; on the event loop. */
    public void read(int bytes) {
        bytesRead += bytes;
    }

    /** Counts; on the event loop. */
    public void wrote(int bytes) {
        bytesWritten += bytes;
    }

    void opened() {
        connections++;
    }

    void closed() {
        connections--;
    }

    /**
     * The bytes received so far.
     *
     * @return the count
     */
    public long bytesRead() {
        return bytesRead;
    }

    /**
     * The bytes handed to the operating system, or waiting for it.
     *
     * @return the count
     */
    public long bytesWritten() {
        return bytesWritten;
    }

    /**
     * The connections that are open, of servers and clients.
     *
     * @return the count
     */
    public int connections() {
        return connections;
    }
}
