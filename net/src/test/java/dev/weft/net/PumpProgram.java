package dev.weft.net;

import dev.weft.Async;
import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;

/**
 * For {@link FlatMemoryTest}: {@code PumpProgram tcp|JDK|OPENSSL BYTES}. Sends so many bytes to a
 * server of its own, which sends them back, and prints the most direct memory that was in use.
 */
final class PumpProgram {
    private static final byte[] CHUNK = new byte[256 * 1024];

    private PumpProgram() {}

    public static void main(String[] args) {
        boolean tls = !args[0].equals("tcp");
        long bytes = Long.parseLong(args[1]);
        TcpOptions options = TcpOptions.defaults();
        TcpOptions serving = options;
        TcpOptions connecting = options;
        if (tls) {
            TlsProvider provider = TlsProvider.valueOf(args[0]);
            serving = options.tls(ServerTls.of(Certs.identity(Certs.LOCALHOST)).provider(provider));
            connecting = options.tls(ClientTls.defaults().trust(Certs.TRUST).provider(provider));
        }
        pump(serving, connecting, bytes);
    }

    private static void pump(TcpOptions serving, TcpOptions connecting, long bytes) {
        AtomicLong direct = new AtomicLong();
        Async.run(() -> {
            try (Server server = Tcp.listen("0.0.0.0", 0, serving, PumpProgram::echo);
                    ByteStream stream = Tcp.connect("localhost", server.port(), connecting)) {
                Async.group(g -> {
                    g.async(() -> {
                        for (long left = bytes; left > 0; left -= CHUNK.length) {
                            stream.write(CHUNK);
                        }
                    });
                    long came = 0;
                    for (ByteView v; came < bytes && (v = stream.readView()) != null; ) {
                        came += v.length();
                        direct.accumulateAndGet(PlatformDependent.usedDirectMemory(), Math::max);
                    }
                    System.out.println(came);
                });
            }
        });
        System.out.println(direct.get());
    }

    private static void echo(ByteStream stream) {
        for (ByteView v; (v = stream.readView()) != null; ) {
            stream.write(v);
        }
    }
}
