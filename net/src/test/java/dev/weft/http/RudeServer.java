package dev.weft.http;

import dev.weft.Async;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.Certs;
import dev.weft.net.EndOfStreamException;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.StreamClosedException;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TimedOutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A server that does what its scripts say, byte by byte, however wrong that is. Its first
 * connection follows the first script, and so on; more connections follow the last.
 */
final class RudeServer implements AutoCloseable {
    /** What to do with a connection. It is closed in good order after that. */
    interface Script {
        void run(Peer peer) throws Exception;
    }

    private static final TcpOptions OPTIONS =
            TcpOptions.defaults().closeTimeout(Duration.ofMillis(500));

    /** More than this, and whoever takes it has no limit. */
    private static final long MOST = 64 << 20;

    /** Costly to prepare: once. */
    private static final ServerTls TLS = ServerTls.of(Certs.identity(Certs.LOCALHOST));

    /** The heads of the requests that came, in order. */
    final List<String> requests = new ArrayList<>();

    private final Script[] scripts;
    private final Server server;
    private final String scheme;
    private int connections;

    private RudeServer(String scheme, TcpOptions options, Script... scripts) {
        this.scheme = scheme;
        this.scripts = scripts;
        server = Tcp.listen("localhost", 0, options, this::serve);
    }

    static RudeServer of(Script... scripts) {
        return new RudeServer("http", OPTIONS, scripts);
    }

    static RudeServer tls(Script... scripts) {
        return new RudeServer("https", OPTIONS.tls(TLS), scripts);
    }

    /** Answers each request with the same bytes, and goes on as long as the client does. */
    static RudeServer answering(String response) {
        return of(peer -> {
            while (peer.request() != null) {
                peer.send(response);
            }
        });
    }

    /** What is right. */
    static String ok(String body) {
        return "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void serve(ByteStream stream) throws Exception {
        int number = connections++;
        try {
            scripts[Math.min(number, scripts.length - 1)].run(new Peer(stream));
        } catch (BrokenConnectionException
                | StreamClosedException
                | EndOfStreamException
                | TimedOutException e) {
            stream.abort(); // the client has given up on it
        }
    }

    int port() {
        return server.port();
    }

    String url() {
        return url("/");
    }

    String url(String path) {
        return scheme + "://localhost:" + port() + path;
    }

    /** How many connections have come. */
    int connections() {
        return connections;
    }

    @Override
    public void close() {
        server.close();
    }

    /** One connection, as a script sees it. */
    final class Peer {
        final ByteStream stream;

        private Peer(ByteStream stream) {
            this.stream = stream;
        }

        /** The head of the next request, of which a body that has a length was read; or null. */
        @Nullable String request() {
            byte[] head;
            try {
                head = stream.readUntil("\r\n\r\n");
            } catch (EndOfStreamException e) {
                return null;
            }
            String text = new String(head, StandardCharsets.ISO_8859_1);
            requests.add(text);
            for (String line : text.split("\r\n", -1)) {
                if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                    stream.readExactly(Integer.parseInt(line.substring(15).strip()));
                }
            }
            return text;
        }

        /** Sends characters as bytes. */
        void send(String text) {
            send(latin1(text));
        }

        void send(byte[] bytes) {
            stream.write(bytes);
            stream.flush();
        }

        /** Sends bytes one by one, so that each comes alone. */
        void trickle(String text) {
            for (byte b : latin1(text)) {
                send(new byte[] {b});
                Async.yieldNow();
            }
        }

        /** Sends the same again and again, until the client has had enough. */
        void flood(String part) {
            byte[] bytes = latin1(part.repeat(Math.max(1, 4_096 / part.length())));
            for (long sent = 0; sent < MOST; sent += bytes.length) {
                stream.write(bytes);
            }
            throw new AssertionError("the client has taken all of " + MOST + " bytes");
        }

        /** Closes by a reset. */
        void reset() {
            stream.abort();
        }

        /** Does nothing until the client has closed. */
        void stay() {
            while (stream.read() != null) {
                // It may say what it likes.
            }
        }
    }
}
