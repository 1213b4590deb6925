package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * The operating system's interface for I/O readiness that a loop polls: uvloop's and Netty's choice
 * of a selector.
 */
public enum Transport {
    /** Linux io_uring (kernel 5.10 or later); must be asked for. */
    IO_URING,
    /** Linux epoll. */
    EPOLL,
    /** BSD and macOS kqueue. */
    KQUEUE,
    /** The JDK's selector: everywhere. */
    NIO,
    /** No I/O at all: tasks, callbacks and timers alone. The only one with a virtual clock. */
    NONE,
    /** The best that works here: epoll, then kqueue, then NIO. */
    AUTO;

    /**
     * Why this transport does not work here.
     *
     * @return the cause, or null when it works
     */
    public @Nullable Throwable unavailableBecause() {
        return Transports.unavailableBecause(this);
    }
}
