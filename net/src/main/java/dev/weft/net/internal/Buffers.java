package dev.weft.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator.DelegatingHandle;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.util.UncheckedBooleanSupplier;
import io.netty.util.internal.PlatformDependent;
import io.netty.util.internal.SystemPropertyUtil;

/** Where streams get their buffers. */
public final class Buffers {
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

    /** The same where memory is scarce. */
    private static final int SMALL_READ = 16 * 1024;

    /** Three quarters of what there is, and room for two chunks of the pool's. */
    private static final long PLENTY = plenty(PlatformDependent.maxDirectMemory());

    private Buffers() {}

    /**
     * What decides how much to read at once, by what the last reads have brought.
     *
     * @return it, for one channel
     */
    static RecvByteBufAllocator sizes() {
        RecvByteBufAllocator sizes =
                new AdaptiveRecvByteBufAllocator(
                        AdaptiveRecvByteBufAllocator.DEFAULT_MINIMUM,
                        AdaptiveRecvByteBufAllocator.DEFAULT_INITIAL,
                        MOST_READ);
        return () -> new Frugal((ExtendedHandle) sizes.newHandle());
    }

    /**
     * Whether direct memory runs low. What has not been read then stays with the operating system:
     * reads are small, and a connection is paused by its first one that nobody takes. For what
     * exceeds {@code -XX:MaxDirectMemorySize} the JDK collects garbage and sleeps, half a second
     * each time, on the event loop, while Netty's pool is locked so that nobody can give anything
     * back; and then the connection fails.
     */
    public static boolean areScarce() {
        return PlatformDependent.usedDirectMemory() > PLENTY;
    }

    private static long plenty(long limit) {
        return limit
                - Math.max(limit / 4, 2L * PooledByteBufAllocator.DEFAULT.metric().chunkSize());
    }

    private static final class Frugal extends DelegatingHandle implements ExtendedHandle {
        private final ExtendedHandle handle;

        Frugal(ExtendedHandle handle) {
            super(handle);
            this.handle = handle;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator alloc) {
            return areScarce()
                    ? alloc.ioBuffer(Math.min(handle.guess(), SMALL_READ))
                    : handle.allocate(alloc);
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return handle.continueReading(maybeMore);
        }
    }
}
