package dev.weft.echo;

import dev.weft.websocket.Message;
import dev.weft.websocket.WebSocket;
import dev.weft.websocket.WebSocketOptions;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends messages and prints what comes back. */
final class EchoClient {
    private static final int TOO_BIG = 1009;

    private EchoClient() {}

    static void sendAll(URI url, List<String> messages, WebSocketOptions options, PrintWriter out) {
        try (WebSocket socket = WebSocket.connect(url, options)) {
            for (String message : messages) {
                socket.send(message);
                out.println(text(socket, socket.receive(), message));
                out.flush();
            }
        }
    }

    private static String text(WebSocket socket, @Nullable Message reply, String sent) {
        return switch (reply) {
            case Message.Text text -> text.text();
            case Message.Binary binary -> new String(binary.bytes(), StandardCharsets.UTF_8);
            case null -> throw new EchoFailedException(why(socket, sent));
        };
    }

    private static String why(WebSocket socket, String sent) {
        int code = socket.closeCode();
        String reason = socket.closeReason().isEmpty() ? "" : ": " + socket.closeReason();
        if (code == TOO_BIG) {
            return "the message of "
                    + sent.getBytes(StandardCharsets.UTF_8).length
                    + " bytes is too long for the server (code 1009"
                    + reason
                    + "): send a shorter one, or raise the server's limit";
        }
        return "the server closed the connection instead of replying (code "
                + code
                + reason
                + "): is it an echo server?";
    }
}
