import dev.weft.*;
import dev.weft.net.*;

/**
 * Connects to names of a hosts file, as BlackholeIT has it, in a network namespace: {@code Race
 * HOSTS_FILE ADDRESS}. Listens on the address, and prints which address each name led to, and how
 * long that took.
 */
void main(String[] args) {
    DnsOptions dns =
            DnsOptions.defaults().hostsFile(Path.of(args[0])).searchDomains(List.of());
    TcpOptions options =
            TcpOptions.defaults()
                    .resolver(Resolver.dns(dns))
                    .connectTimeout(Duration.ofMillis(1500));
    Async.run(() -> {
        Server server = Tcp.listen(args[1], 0, ByteStream::read);
        connect("dual.test", server.port(), options); // reads files, loads classes
        connect("dual.test", server.port(), options);
        connect("dead.test", server.port(), options);
        server.close();
    });
}

void connect(String host, int port, TcpOptions options) {
    long start = System.nanoTime();
    try (ByteStream stream = Tcp.connect(host, port, options)) {
        InetSocketAddress peer = (InetSocketAddress) stream.remoteAddress();
        IO.println("connected " + peer.getAddress().getHostAddress() + " " + millis(start));
    } catch (TimedOutException e) {
        IO.println("timed-out " + millis(start) + " " + e.getMessage());
    }
}

long millis(long start) {
    return (System.nanoTime() - start) / 1_000_000;
}
