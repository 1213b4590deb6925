package dev.weft.http;

import dev.weft.net.TlsSession;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a call: each phase, once it is over. Told in the task that makes the call, or
 * that reads its body; so the listener must not suspend for long, and what it throws is the call's
 * failure.
 */
public sealed interface HttpEvent {
    /**
     * Whose it is.
     *
     * @return the request as it was when it was sent; another one after a redirect
     */
    HttpRequest request();

    /**
     * The host's addresses were looked up.
     *
     * @param request whose it is
     * @param addresses what was found
     * @param took how long it took
     */
    record Resolved(HttpRequest request, List<InetAddress> addresses, Duration took)
            implements HttpEvent {}

    /**
     * A connection was opened, after its name was looked up, and through a proxy if there is one.
     *
     * @param request whose it is
     * @param address the server's or the proxy's
     * @param took how long it took, the name's lookup included
     */
    record Connected(HttpRequest request, SocketAddress address, Duration took)
            implements HttpEvent {}

    /**
     * A TLS handshake is done.
     *
     * @param request whose it is
     * @param session what was agreed on
     * @param took how long it took
     */
    record Secured(HttpRequest request, TlsSession session, Duration took) implements HttpEvent {}

    /**
     * There is a connection for the call.
     *
     * @param request whose it is
     * @param version what it speaks
     * @param reused whether it has carried a call before
     * @param took how long that took, opening it included
     */
    record Acquired(HttpRequest request, HttpVersion version, boolean reused, Duration took)
            implements HttpEvent {}

    /**
     * The response has begun.
     *
     * @param request whose it is
     * @param status the response's
     * @param took how long it took since there was a connection
     */
    record Responded(HttpRequest request, int status, Duration took) implements HttpEvent {}

    /**
     * The response has been read to its end.
     *
     * @param request whose it is
     * @param bodyBytes the length of the body as it was sent, perhaps compressed
     * @param took how long it took since the response had begun
     */
    record Completed(HttpRequest request, long bodyBytes, Duration took) implements HttpEvent {}

    /**
     * The request is sent again, or goes elsewhere.
     *
     * @param request whose it is
     * @param to where it goes now
     * @param status the response's that asked for it; 0 after a failure
     * @param failure what it failed with; null after a response
     */
    record Again(HttpRequest request, URI to, int status, @Nullable Throwable failure)
            implements HttpEvent {}

    /**
     * The call has failed.
     *
     * @param request whose it is
     * @param failure what it failed with
     */
    record Failed(HttpRequest request, Throwable failure) implements HttpEvent {}
}
