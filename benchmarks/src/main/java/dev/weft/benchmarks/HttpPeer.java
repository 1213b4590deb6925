package dev.weft.benchmarks;

import java.util.List;

/**
 * An HTTP client, open for one load.
 *
 * <p>Each is written as its own guide recommends for speed: its connections are kept alive, one for
 * each caller or one in all with HTTP/2; one event loop, on epoll where it has that; no
 * compression; TLS is the JDK's. The request is made once, and used for every call. Bodies are
 * counted as they come, in the way that copies least.
 */
interface HttpPeer {
    /**
     * Windows of HTTP/2 that never fill, as some clients have by default, for those that do not.
     */
    int WINDOW = 16 << 20;

    /** For how long a connection is kept between two slots. */
    int KEPT_SECONDS = 600;

    /**
     * Has each caller make calls, one after the other, for as long as {@link Calls.Caller#received}
     * wants another.
     */
    void start(List<Calls.Caller> callers);

    /** Closes its connections. */
    void close() throws Exception;

    /**
     * Where to send what.
     *
     * @param load what the connections do
     * @param port of the server, on this machine
     * @param certificate the file of what the server is trusted by
     */
    record Target(HttpLoad load, int port, String certificate) {
        static final String HOST = "127.0.0.1";

        String url() {
            return (load.tls() ? "https://" : "http://") + HOST + ":" + port + load.path();
        }
    }
}
