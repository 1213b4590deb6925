package dev.weft.echo;

import dev.weft.Async;
import dev.weft.Promise;
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

    /** Serves until the process is asked to stop; says when it is ready. */
    static void serveUntilStopped(
            String host, int port, WebSocketOptions options, PrintWriter out) {
        Promise<String> stop = Promise.create();
        TerminationSignals.onFirst(stop::tryComplete);
        try (WebSocketServer server = open(host, port, options)) {
            out.println("listening on " + server.url());
            out.flush();
            Async.await(stop);
        }
    }
}
