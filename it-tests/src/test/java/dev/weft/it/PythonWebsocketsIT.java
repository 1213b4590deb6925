package dev.weft.it;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;

/** Debian's python3-websockets, both ways. */
@Timeout(120)
class PythonWebsocketsIT implements ForeignClientTests, ForeignServerTests {
    private static Peer peer;
    private static EchoServer server;

    @BeforeAll
    static void start() {
        peer = Peer.python();
        server = EchoServer.start();
    }

    @AfterAll
    static void end() {
        if (server != null) {
            server.close();
        }
    }

    @Override
    public Peer peer() {
        return peer;
    }

    @Override
    public EchoServer server() {
        return server;
    }
}
