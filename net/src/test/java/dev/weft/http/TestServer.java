package dev.weft.http;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.ByteStream;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A well-behaved server of HTTP/1.1 for tests, on the loop of the test. */
final class TestServer implements AutoCloseable {
    private final Server server;
    private final String scheme;
    private int connections;
    private int held;
    private final List<Promise<@Nullable Void>> waiting = new ArrayList<>();
    private final Promise<@Nullable Void> released = Promise.create();

    /** What to do with a request. */
    @FunctionalInterface
    interface Handler {
        void handle(Call call) throws Exception;
    }

    /** A request, and the way to answer it. */
    record Call(
            ByteStream stream,
            String method,
            String target,
            Map<String, String> headers,
            byte[] bytes) {
        String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "none");
        }

        String body() {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        void answer(int status, String type, String body) {
            answer(status, type, body.getBytes(StandardCharsets.UTF_8));
        }

        void answer(int status, String type, byte[] body) {
            answer(status, Map.of("Content-Type", type), body);
        }

        void answer(int status, Map<String, String> fields, String body) {
            answer(status, fields, body.getBytes(StandardCharsets.UTF_8));
        }

        void answer(int status, Map<String, String> fields, byte[] body) {
            StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " Status\r\n");
            fields.forEach((n, v) -> head.append(n).append(": ").append(v).append("\r\n"));
            head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
            stream.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
            if (!method.equals("HEAD")) {
                stream.write(body);
            }
        }
    }

    private TestServer(Handler handler, TcpOptions options) {
        scheme = options.serverTls() == null ? "http" : "https";
        server = Tcp.listen("127.0.0.1", 0, options, stream -> serve(stream, handler));
    }

    static TestServer of(Handler handler) {
        return new TestServer(handler, TcpOptions.defaults());
    }

    static TestServer of(TcpOptions options, Handler handler) {
        return new TestServer(handler, options);
    }

    /** Answers nobody until so many are here. */
    static TestServer holdingUntil(int count) {
        TestServer[] self = new TestServer[1];
        self[0] = of(call -> self[0].hold(call, count));
        return self[0];
    }

    private void hold(Call call, int count) {
        held++;
        waiting.forEach(p -> p.tryComplete(null));
        waiting.clear();
        if (held >= count) {
            released.tryComplete(null);
        }
        Async.await(released);
        call.answer(200, "text/plain", "all here");
    }

    /** Waits until so many requests are held. */
    void awaitHeld(int count) {
        while (held < count) {
            Promise<@Nullable Void> change = Promise.create();
            waiting.add(change);
            Async.await(change);
        }
    }

    private void serve(ByteStream stream, Handler handler) throws Exception {
        connections++;
        for (Call call; (call = read(stream)) != null; ) {
            handler.handle(call);
        }
    }

    private static @Nullable Call read(ByteStream stream) {
        String first = stream.readLine();
        if (first == null) {
            return null;
        }
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line; (line = stream.readLine()) != null && !line.isEmpty(); ) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        String[] parts = first.split(" ", 3);
        byte @Nullable [] body =
                "chunked".equals(headers.get("transfer-encoding"))
                        ? chunks(stream)
                        : stream.readExactly(
                                Integer.parseInt(headers.getOrDefault("content-length", "0")));
        return body == null ? null : new Call(stream, parts[0], parts[1], headers, body);
    }

    /** Null if the client has left in between. */
    private static byte @Nullable [] chunks(ByteStream stream) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (String size; (size = stream.readLine()) != null; ) {
            int n = Integer.parseInt(size, 16);
            all.writeBytes(stream.readExactly(n));
            stream.readLine();
            if (n == 0) {
                return all.toByteArray();
            }
        }
        return null;
    }

    String url(String path) {
        return scheme + "://127.0.0.1:" + server.port() + path;
    }

    /** How many were made. */
    int connections() {
        return connections;
    }

    @Override
    public void close() {
        released.tryComplete(null);
        server.close();
    }
}
