package dev.weft.websocket;

/**
 * What a server does with a connection.
 *
 * @see WebSocketServer#listen(String, int, WebSocketHandler)
 */
@FunctionalInterface
public interface WebSocketHandler {
    /**
     * Serves one connection, in a task and a scope of its own. When it returns, tasks that it
     * started are cancelled and awaited, and the connection is closed with code 1000; with 1011 if
     * it fails, with 1001 if the server closes.
     *
     * @param socket the connection
     * @throws Exception any failure: it ends this connection alone. It is reported to the loop's
     *     exception handler, unless it says that this very peer broke the connection or the
     *     protocol: that is logged at debug level
     */
    void handle(WebSocket socket) throws Exception;
}
