package dev.weft.it;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The JDK's HTTP server, with pages that tests need: {@code /echo} tells what it was asked, {@code
 * /status/N} has that status, {@code /bytes/N} is so long, {@code /json}, {@code /binary}, {@code
 * /redirect}, {@code /never} does not answer, {@code /stuck} stops in the middle.
 */
final class HttpSite implements AutoCloseable {
    private static final int PIECE = 64 * 1024;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** Opened at the end, for those that do not answer. */
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Completed when such a page is asked for. */
    final CompletableFuture<Void> asked = new CompletableFuture<>();

    /** How much of a body has been written so far, or read. */
    final AtomicLong moved = new AtomicLong();

    private HttpSite(HttpServer server) {
        this.server = server;
        server.setExecutor(threads);
        on("/echo", HttpSite::echo);
        on("/status/", e -> answer(e, Integer.parseInt(last(e)), "text/plain", "said " + last(e)));
        on("/bytes/", this::bytes);
        on("/count", this::count);
        on("/json", e -> answer(e, 200, "application/json", "{\"a\":[1,\"two\"],\"b\":null}"));
        on("/text", e -> answer(e, 200, "text/plain", "just\u001b[2J text\n"));
        on("/binary", e -> answer(e, 200, "application/octet-stream", "a\0b"));
        on("/redirect", e -> redirect(e, "/echo"));
        on("/loop", e -> redirect(e, "/loop"));
        on("/never", this::never);
        on("/stuck", this::stuck);
    }

    static HttpSite open() {
        try {
            HttpSite site =
                    new HttpSite(
                            HttpServer.create(
                                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                                    100));
            site.server.start();
            return site;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another page. */
    void on(String path, HttpHandler handler) {
        server.createContext(
                path,
                exchange -> {
                    try (exchange) {
                        handler.handle(exchange);
                    }
                });
    }

    int port() {
        return server.getAddress().getPort();
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.close();
    }

    // ---- pages

    static void answer(HttpExchange exchange, int status, String type, String body)
            throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getRequestBody().readAllBytes();
        exchange.getResponseHeaders().set("Content-Type", type);
        boolean none = exchange.getRequestMethod().equals("HEAD") || bytes.length == 0;
        exchange.sendResponseHeaders(status, none ? -1 : bytes.length);
        if (!none) {
            exchange.getResponseBody().write(bytes);
        }
    }

    private static String last(HttpExchange exchange) {
        return exchange.getRequestURI().getPath().replaceFirst(".*/", "");
    }

    /** The request's line, its headers, an empty line, and its body. */
    private static void echo(HttpExchange exchange) throws IOException {
        StringBuilder text = new StringBuilder();
        text.append(exchange.getRequestMethod()).append(' ').append(exchange.getRequestURI());
        Headers headers = exchange.getRequestHeaders();
        headers.forEach((name, values) ->
                values.forEach(v -> text.append('\n').append(name).append(": ").append(v)));
        byte[] body = exchange.getRequestBody().readAllBytes();
        text.append("\n\n").append(new String(body, StandardCharsets.UTF_8));
        answer(exchange, 200, "text/plain; charset=utf-8", text.toString());
    }

    private void bytes(HttpExchange exchange) throws IOException {
        long left = Long.parseLong(last(exchange));
        exchange.sendResponseHeaders(200, left);
        byte[] piece = new byte[PIECE];
        try (OutputStream out = exchange.getResponseBody()) {
            while (left > 0) {
                int n = (int) Math.min(left, piece.length);
                out.write(piece, 0, n);
                left -= n;
                moved.addAndGet(n);
            }
        }
    }

    /** Reads the body, and says how long it was. */
    private void count(HttpExchange exchange) throws IOException {
        byte[] piece = new byte[PIECE];
        long length = 0;
        for (int n; (n = exchange.getRequestBody().read(piece)) >= 0; ) {
            length += n;
            moved.addAndGet(n);
        }
        answer(exchange, 200, "text/plain", exchange.getRequestMethod() + " " + length);
    }

    private static void redirect(HttpExchange exchange, String to) throws IOException {
        exchange.getResponseHeaders().set("Location", to);
        answer(exchange, 302, "text/plain", "elsewhere");
    }

    private void never(HttpExchange exchange) {
        asked.complete(null);
        awaitEnd();
    }

    private void stuck(HttpExchange exchange) throws IOException {
        exchange.sendResponseHeaders(200, 1000);
        exchange.getResponseBody().write("begun".getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
        asked.complete(null);
        awaitEnd();
    }

    private void awaitEnd() {
        try {
            closed.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
