package dev.weft.http;

import java.io.IOException;
import java.io.UncheckedIOException;

/** A response has another status than 2xx: see {@link HttpResponse#requireSuccess}. */
public final class HttpStatusException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient HttpHeaders headers;
    private final String body;

    HttpStatusException(String message, int status, HttpHeaders headers, String body) {
        super(message, new IOException("status " + status));
        this.status = status;
        this.headers = headers;
        this.body = body;
    }

    /**
     * The status.
     *
     * @return 300 to 999
     */
    public int status() {
        return status;
    }

    /**
     * The response's headers.
     *
     * @return null after serialization
     */
    public HttpHeaders headers() {
        return headers;
    }

    /**
     * How the body begins.
     *
     * @return up to some 4,000 characters; empty if there was no text
     */
    public String body() {
        return body;
    }
}
