import dev.weft.*;
import dev.weft.net.*;

/** Sends back what comes: {@code ./weft run examples/EchoServer.java [PORT]}. */
void main(String[] args) {
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
    Async.run(() -> {
        Server server = Tcp.listen("127.0.0.1", port, stream -> {
            for (ByteView bytes; (bytes = stream.readView()) != null; ) {
                stream.write(bytes); // waits while the peer does not read
            }
        });
        IO.println("listening on port " + server.port());
        server.awaitClosed();
    });
}
