package dev.weft.http;

/**
 * Writes the body of a request, piece by piece, while it is sent. See {@link
 * HttpBody#stream(BodyWriter)}.
 */
@FunctionalInterface
public interface BodyWriter {
    /**
     * Writes the body. It runs in the task that sends the request; when it returns, the body is
     * complete.
     *
     * <p><b>Suspends</b> wherever it likes, and in each write while the peer takes nothing.
     * <b>Cancellation</b>: as that of the call which sends the request; the connection is not used
     * again.
     *
     * @param sink where to write to; of no use after the return
     * @throws Exception whatever it is, the request fails with it
     */
    void write(HttpSink sink) throws Exception;
}
