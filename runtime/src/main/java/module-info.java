/**
 * asyncio for Java on Netty's event loop: loops, tasks, futures, groups, timeouts, locks, queues
 * and offloading.
 */
module dev.weft.runtime {
    exports dev.weft;
    exports dev.weft.netty;

    requires static transitive org.jspecify;
    requires org.slf4j;

    // transitive: the bridges of dev.weft.netty, and they alone, name types of these in signatures.
    requires transitive io.netty.common;
    requires transitive io.netty.transport;
    requires transitive io.netty.transport.unix.common;
    requires io.netty.buffer;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.classes.kqueue;

    // Optional: whoever uses them brings them.
    requires static micrometer.core;
    requires static context.propagation;
}
