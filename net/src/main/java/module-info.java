/**
 * TCP, UDP, Unix sockets, TLS, DNS, HTTP and WebSocket, for the tasks of {@code dev.weft.runtime}.
 */
module dev.weft.net {
    exports dev.weft.http;
    exports dev.weft.net;
    exports dev.weft.net.netty;
    exports dev.weft.websocket;

    requires transitive dev.weft.runtime;
    requires static transitive org.jspecify;
    requires org.slf4j;
    requires jdk.net; // when the kernel asks a silent peer, on NIO

    // Optional: whoever uses it brings it.
    requires static com.aayushatharva.brotli4j;
    requires static com.github.luben.zstd_jni;
    requires static micrometer.core;
    requires static tools.jackson.databind;
    requires static io.netty.tcnative.classes.openssl;

    // transitive: the bridge of dev.weft.net.netty, and it alone, names its types in signatures.
    requires transitive io.netty.transport;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.compression;
    requires io.netty.codec.dns;
    requires io.netty.codec.haproxy;
    requires io.netty.codec.http;
    requires io.netty.codec.http2;
    requires io.netty.codec.socks;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.handler.proxy;
    requires io.netty.resolver;
    requires io.netty.resolver.dns;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires io.netty.transport.classes.kqueue;
    requires io.netty.transport.unix.common;
}
