package dev.weft.echo;

import dev.weft.Async;
import dev.weft.Handle;
import dev.weft.Promise;
import dev.weft.Signals;
import dev.weft.websocket.Message;
import dev.weft.websocket.WebSocket;
import dev.weft.websocket.WebSocketOptions;
import dev.weft.websocket.WebSocketServer;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends back each message as it came. */
final class EchoServer {
    private static final Logger LOG = LoggerFactory.getLogger(EchoServer.class);

    private EchoServer() {}

    static WebSocketServer open(String host, int port, WebSocketOptions options) {
        return WebSocketServer.listen(host, port, options, EchoServer::echo);
    }

    private static void echo(WebSocket socket) {
        try {
            for (Message message; (message = socket.receive()) != null; ) {
                switch (message) {
                    case Message.Text text -> socket.send(text.text());
                    case Message.Binary binary -> socket.send(binary.bytes());
                }
            }
        } catch (UncheckedIOException e) {
            // A client that breaks off or sends too much was told so; the server goes on.
            LOG.debug("{} ended", socket, e);
        }
    }

    /** As the other, by TLS with a certificate of its own. */
    static void serveSecurelyUntilStopped(
            String host, int port, WebSocketOptions options, PrintWriter out) {
        DevCertificate certificate = DevCertificate.make(host);
        out.println(
                "the certificate was made for this run alone: clients need --trust "
                        + certificate.pin());
        serveUntilStopped(host, port, options.tls(certificate.tls()), out);
    }

    /** Serves until the process is asked to stop; says when it is ready. */
    static void serveUntilStopped(
            String host, int port, WebSocketOptions options, PrintWriter out) {
        Promise<String> stop = Promise.create();
        // With the JVM's own handlers it would exit with 130 or 143, not with 0.
        Handle interrupt = Signals.on("INT", () -> stop.tryComplete("INT"));
        Handle terminate = Signals.on("TERM", () -> stop.tryComplete("TERM"));
        try (WebSocketServer server = open(host, port, options)) {
            out.println("listening on " + server.url());
            out.flush();
            Async.await(stop);
            // Whoever asks again does not want to wait for the connections to close.
            interrupt.cancel();
            terminate.cancel();
        }
    }
}
