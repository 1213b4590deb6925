package dev.weft.net;

/**
 * What a server does with a connection.
 *
 * @see Tcp#listen(String, int, StreamHandler)
 */
@FunctionalInterface
public interface StreamHandler {
    /**
     * Serves one connection, in a task and a scope of its own. When it returns or fails, tasks that
     * it started are cancelled and awaited, and the stream is closed.
     *
     * @param stream the connection
     * @throws Exception any failure: it ends this connection alone. It is reported to the loop's
     *     exception handler, unless it says that this very peer broke the connection: that is
     *     logged at debug level
     */
    void handle(ByteStream stream) throws Exception;
}
