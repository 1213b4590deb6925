import dev.weft.*;
import dev.weft.net.*;

/**
 * Carries each connection on to another host: {@code ./weft run examples/PortForwarder.java PORT
 * HOST HOST_PORT}.
 */
void main(String[] args) {
    if (args.length != 3) {
        System.err.println("usage: PortForwarder PORT HOST HOST_PORT");
        System.exit(2);
    }
    Async.run(() -> {
        Server server = Tcp.listen("127.0.0.1", Integer.parseInt(args[0]), client -> {
            try (ByteStream target = Tcp.connect(args[1], Integer.parseInt(args[2]))) {
                ByteStream.pipe(client, target);
            } catch (UncheckedIOException e) { // not there, or broken
                System.err.println(e.getMessage());
                client.abort();
            }
        });
        IO.println("listening on port " + server.port());
        server.awaitClosed();
    });
}
