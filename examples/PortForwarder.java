import dev.weft.*;
import dev.weft.net.*;

/**
 * Carries each connection on to another host: {@code ./weft run examples/PortForwarder.java PORT
 * HOST HOST_PORT}. With a certificate it ends TLS, so that the other host sees plain bytes: {@code
 * PORT HOST HOST_PORT CHAIN.pem KEY.pem}; SIGHUP reads the files again, when they were renewed.
 */
void main(String[] args) {
    if (args.length != 3 && args.length != 5) {
        System.err.println("usage: PortForwarder PORT HOST HOST_PORT [CHAIN.pem KEY.pem]");
        System.exit(2);
    }
    try {
        Async.run(() -> serve(args));
    } catch (UncheckedIOException e) { // the port is taken, or a file is bad
        System.err.println(e.getMessage());
        System.exit(1);
    }
}

void serve(String[] args) {
    TcpOptions options = TcpOptions.defaults();
    if (args.length == 5) {
        TlsIdentity identity = TlsIdentity.pem(Path.of(args[3]), Path.of(args[4]));
        options = options.tls(ServerTls.of(identity));
        Signals.on("HUP", () -> Async.async(() -> reload(identity)));
    }
    int port = Integer.parseInt(args[0]);
    Server server = Tcp.listen("127.0.0.1", port, options, client -> {
        try (ByteStream target = Tcp.connect(args[1], Integer.parseInt(args[2]))) {
            ByteStream.pipe(client, target);
        } catch (UncheckedIOException e) { // not there, or broken
            System.err.println(e.getMessage());
            client.abort();
        }
    });
    IO.println("listening on port " + server.port());
    server.awaitClosed();
}

void reload(TlsIdentity identity) {
    try {
        identity.reload();
        IO.println("certificate read");
    } catch (InvalidKeyMaterialException e) { // connections get the old one
        System.err.println(e.getMessage());
    }
}
