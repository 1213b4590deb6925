package dev.weft.net.internal;

import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.internal.SystemPropertyUtil;

/** Where streams get their buffers. */
final class Buffers {
    /**
     * Netty's pooled allocator, unless whoever started the JVM has chosen one. Tasks take what was
     * read after the event loop has read from all channels that had something, so up to 4 MiB are
     * in use at once, while a handler of Netty's has released each buffer before the next read.
     * Netty's default, the adaptive allocator, pools no buffer above 16 KiB in a heap of up to 512
     * MiB, and keeps four chunks of such buffers in a larger one. Beyond that each read is new
     * memory, cleared by the JDK; and at times the C library gives all of it back to the system
     * after each turn: then 50 downloads at once took 25 times as much CPU, for as long as they
     * went on.
     */
    static final ByteBufAllocator ALLOCATOR =
            SystemPropertyUtil.contains("io.netty.allocator.type")
                    ? ByteBufAllocator.DEFAULT
                    : PooledByteBufAllocator.DEFAULT;

    /** The most bytes of one read: twice Netty's default, for half the system calls. */
    static final int MOST_READ = 128 * 1024;

    private Buffers() {}

    /**
     * What decides how much to read at once, by what the last reads have brought.
     *
     * @return it, for one channel
     */
    static RecvByteBufAllocator sizes() {
        return new AdaptiveRecvByteBufAllocator(
                AdaptiveRecvByteBufAllocator.DEFAULT_MINIMUM,
                AdaptiveRecvByteBufAllocator.DEFAULT_INITIAL,
                MOST_READ);
    }
}
