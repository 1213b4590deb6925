package dev.weft.benchmarks;

import java.io.IOException;

/**
 * The server that HTTP clients call, in a process of its own.
 *
 * @param child the process
 * @param http1Port where it speaks HTTP/1.1
 * @param http2Port where it speaks HTTP/2
 * @param tlsPort where it speaks both, over TLS
 */
record HttpServerProcess(Child child, int http1Port, int http2Port, int tlsPort)
        implements AutoCloseable {

    static HttpServerProcess start(Certificate certificate)
            throws IOException, InterruptedException {
        Child child =
                Child.start(
                        "the server",
                        Cores.load(),
                        Child.java(
                                Child.JVM_FLAGS,
                                NettyHttp.class,
                                certificate.chain(),
                                certificate.key()));
        int[] ports = child.ports(60);
        return new HttpServerProcess(child, ports[0], ports[1], ports[2]);
    }

    int port(HttpLoad load) {
        return load.tls() ? tlsPort : load.http2() ? http2Port : http1Port;
    }

    @Override
    public void close() {
        child.close();
    }
}
