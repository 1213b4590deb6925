package dev.weft.benchmarks;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import dev.weft.net.ByteStream;
import dev.weft.net.ByteView;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.StreamHandler;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsIdentity;
import dev.weft.net.TlsProvider;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** Weft: a task per connection, which reads and writes in direct style. */
final class WeftEcho {
    private WeftEcho() {}

    /** Starts it on free ports, which are returned. */
    static EchoServer.Ports start(
            SchedulerMode mode, Transport transport, boolean copy, Path certificate, Path key)
            throws InterruptedException, ExecutionException {
        Loop loop = Loop.open(LoopOptions.defaults().scheduler(mode).transport(transport));
        StreamHandler handler = copy ? WeftEcho::echoBytes : WeftEcho::echo;
        TcpOptions secure =
                TcpOptions.defaults()
                        .tls(
                                ServerTls.of(TlsIdentity.pem(certificate, key))
                                        .provider(TlsProvider.JDK));
        Promise<EchoServer.Ports> ports = Promise.create();
        loop.submit(() -> {
            Server server = Tcp.listen("127.0.0.1", 0, handler);
            Server tls = Tcp.listen("127.0.0.1", 0, secure, handler);
            ports.complete(new EchoServer.Ports(server.port(), tls.port()));
            server.awaitClosed();
        });
        return ports.get();
    }

    /** Without copying. */
    private static void echo(ByteStream stream) {
        for (ByteView bytes; (bytes = stream.readView()) != null; ) {
            stream.write(bytes);
        }
    }

    private static void echoBytes(ByteStream stream) {
        for (byte[] bytes; (bytes = stream.read()) != null; ) {
            stream.write(bytes);
        }
    }
}
