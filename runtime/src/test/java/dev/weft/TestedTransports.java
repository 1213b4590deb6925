package dev.weft;

import java.util.stream.Stream;

/** The transports that the scheduler's tests run on. */
final class TestedTransports {
    private TestedTransports() {}

    /**
     * All that work here. io_uring only in the long form, or with {@code
     * -Dweft.test.io_uring=true}: with Netty 4.2.18 on Linux 6.18 a JVM that opens and closes many
     * io_uring loops was seen to die in glibc ("unaligned tcache chunk detected"), about once in
     * ten runs; see docs/known-issues.md.
     */
    static Stream<Transport> all() {
        boolean uring = Boolean.getBoolean("weft.long") || Boolean.getBoolean("weft.test.io_uring");
        return Stream.of(Transport.EPOLL, Transport.IO_URING, Transport.KQUEUE, Transport.NIO)
                .filter(t -> t.unavailableBecause() == null)
                .filter(t -> t != Transport.IO_URING || uring);
    }
}
