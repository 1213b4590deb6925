package dev.weft.http;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.List;

/** A server, or several, redirected a call more often than {@link HttpOptions#maxRedirects}. */
public final class TooManyRedirectsException extends UncheckedIOException {
    private static final long serialVersionUID = 1L;

    private final transient List<URI> urls;

    TooManyRedirectsException(String message, List<URI> urls) {
        super(message, new IOException("too many redirects"));
        this.urls = List.copyOf(urls);
    }

    /**
     * Where it went.
     *
     * @return each URL that was asked, in order; null after serialization
     */
    public List<URI> urls() {
        return urls;
    }
}
