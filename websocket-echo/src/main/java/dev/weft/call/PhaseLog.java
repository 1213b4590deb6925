package dev.weft.call;

import dev.weft.http.HttpBody;
import dev.weft.http.HttpEvent;
import dev.weft.http.HttpHeaders;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import dev.weft.http.HttpVersion;
import dev.weft.net.TlsSession;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Tells on standard error what becomes of a call, phase by phase, and at its end how long each
 * took. Of a call that goes on elsewhere each request has its own times.
 */
final class PhaseLog implements Consumer<HttpEvent> {
    private final PrintWriter err;
    private Duration dns = Duration.ZERO;
    private Duration connect = Duration.ZERO;
    private Duration tls = Duration.ZERO;
    private Duration pool = Duration.ZERO;
    private Duration firstByte = Duration.ZERO;

    PhaseLog(PrintWriter err) {
        this.err = err;
    }

    @Override
    public void accept(HttpEvent event) {
        switch (event) {
            case HttpEvent.Resolved e -> resolved(e);
            case HttpEvent.Connected e -> connected(e);
            case HttpEvent.Secured e -> secured(e);
            case HttpEvent.Acquired e -> acquired(e);
            case HttpEvent.Responded e -> firstByte = e.took();
            case HttpEvent.Completed e -> completed(e);
            case HttpEvent.Again e -> again(e);
            case HttpEvent.Failed _ -> times("failed");
        }
        err.flush();
    }

    private void note(String text) {
        err.println("* " + text);
    }

    private static String millis(Duration took) {
        return "%.1f ms".formatted(took.toNanos() / 1e6);
    }

    private void resolved(HttpEvent.Resolved e) {
        dns = e.took();
        String addresses =
                e.addresses().stream()
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(", "));
        note("resolved in %s: %s".formatted(millis(dns), addresses));
    }

    private void connected(HttpEvent.Connected e) {
        Duration took = e.took().minus(dns);
        connect = took.isNegative() ? Duration.ZERO : took;
        note("connected to %s in %s".formatted(text(e.address()), millis(connect)));
    }

    private static String text(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return address.toString();
        }
        String host =
                inet.isUnresolved() ? inet.getHostString() : inet.getAddress().getHostAddress();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + inet.getPort();
    }

    private void secured(HttpEvent.Secured e) {
        tls = e.took();
        TlsSession session = e.session();
        String protocol = session.applicationProtocol();
        note(
                "%s, %s, %s in %s"
                        .formatted(
                                session.protocol(),
                                session.cipherSuite(),
                                protocol == null ? "no ALPN" : protocol,
                                millis(tls)));
        if (!session.peerCertificates().isEmpty()) {
            X509Certificate own = session.peerCertificates().getFirst();
            note(
                    Printable.of(
                            "certificate of %s, issued by %s, until %s"
                                    .formatted(
                                            own.getSubjectX500Principal(),
                                            own.getIssuerX500Principal(),
                                            own.getNotAfter().toInstant())));
        }
    }

    private void acquired(HttpEvent.Acquired e) {
        Duration opening = dns.plus(connect).plus(tls);
        Duration rest = e.took().minus(opening);
        pool = rest.isNegative() ? Duration.ZERO : rest;
        if (e.reused()) {
            note("a connection that is used again");
        }
        request(e.request(), e.version());
    }

    /** What is sent, with what the client adds, as far as one can tell from here. */
    private void request(HttpRequest request, HttpVersion version) {
        URI url = request.url();
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
        err.println("> " + request.method() + " " + path + query + " " + version);
        if (!request.headers().contains("Host")) {
            header('>', "Host", url.getRawAuthority());
        }
        headers('>', request.headers());
        HttpBody body = request.body();
        String type = body.contentType();
        if (type != null && !request.headers().contains("Content-Type")) {
            header('>', "Content-Type", type);
        }
        if (body.length() > 0) {
            header('>', "Content-Length", String.valueOf(body.length()));
        }
        err.println(">");
    }

    /** The response's head, which the events do not have. */
    void response(HttpResponse response) {
        err.println(
                Printable.of(
                        "< %s %d %s"
                                .formatted(response.version(), response.status(), response.reason())
                                .stripTrailing()));
        headers('<', response.headers());
        err.println("<");
        err.flush();
    }

    private void headers(char direction, HttpHeaders headers) {
        headers.forEach(h -> header(direction, h.name(), h.value()));
    }

    private void header(char direction, String name, String value) {
        err.println(Printable.of(direction + " " + name + ": " + value));
    }

    private void completed(HttpEvent.Completed e) {
        note("body of %,d bytes".formatted(e.bodyBytes()));
        times("body " + millis(e.took()));
    }

    private void again(HttpEvent.Again e) {
        Throwable failure = e.failure();
        String why =
                failure == null ? "status " + e.status() : String.valueOf(failure.getMessage());
        times("not read");
        note(Printable.of("again, after " + why + ": " + e.to()));
        dns = connect = tls = pool = firstByte = Duration.ZERO;
    }

    private void times(String body) {
        note(
                "times: pool %s, DNS %s, connect %s, TLS %s, first byte %s, %s"
                        .formatted(
                                millis(pool),
                                millis(dns),
                                millis(connect),
                                millis(tls),
                                millis(firstByte),
                                body));
    }
}
