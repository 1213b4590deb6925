package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What streams over TLS have beside what all streams have: see {@link Wire}. */
class TlsStreamTest extends TlsTests {
    @AsyncTest
    void bytesComeBack() {
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            stream.write("Hello World!");
            assertThat(new String(stream.readExactly(12))).isEqualTo("Hello World!");
            TlsSession session = stream.tls();
            assertThat(session.protocol()).isEqualTo("TLSv1.3");
            assertThat(session.cipherSuite()).startsWith("TLS_");
            assertThat(session.applicationProtocol()).isNull();
            assertThat(session.serverName()).isNull();
            assertThat(session.peerCertificates())
                    .first()
                    .isEqualTo(Certs.LOCALHOST.getCertificate());
        }
    }

    /** Shown in ClientTls. */
    static String first(String host, int port, TlsTrust ourOwnAuthority) {
        // @start region="connect"
        TcpOptions options = TcpOptions.defaults().tls(ClientTls.defaults().trust(ourOwnAuthority));
        try (ByteStream stream = Tcp.connect(host, port, options)) {
            stream.write("hello\n");
            return stream.readLine();
        }
        // @end
    }

    @AsyncTest
    void theExampleWorks() {
        try (Server server =
                listen(server(), stream -> stream.write(stream.readLine().toUpperCase() + "\n"))) {
            assertThat(first("localhost", server.port(), Certs.TRUST)).isEqualTo("HELLO");
        }
    }

    @AsyncTest
    void withoutTlsThereIsNoSession() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(stream.tls()).isNull();
        }
    }

    @AsyncTest
    void protocolVersionsCanBeChosen() {
        for (String protocol : new String[] {"TLSv1.2", "TLSv1.3"}) {
            try (Server server = listen(server(), TcpEchoTest::echo);
                    ByteStream stream = connect(server, client().protocols(protocol))) {
                stream.write("x");
                assertThat(stream.read()).containsExactly('x');
                assertThat(stream.tls().protocol()).isEqualTo(protocol);
            }
        }
    }

    @AsyncTest
    void anEndWithoutCloseNotifyIsTruncation() {
        // A relay between the two, which ends the connection when it is told to.
        Promise<Void> cut = Promise.create();
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    stream.write("all that came");
                                    stream.read();
                                });
                Server relay = relay(server, cut, false);
                ByteStream stream = connect(relay, client())) {
            assertThat(stream.readExactly(8)).asString().isEqualTo("all that");
            cut.complete(null);
            assertThat(stream.readExactly(5)).asString().isEqualTo(" came");
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("truncated")
                    .hasMessageContaining("close_notify");
        }
    }

    @AsyncTest
    void aResetIsTruncation() {
        Promise<Void> cut = Promise.create();
        try (Server server =
                        listen(
                                server(),
                                stream -> {
                                    stream.write("all");
                                    stream.read();
                                });
                Server relay = relay(server, cut, true);
                ByteStream stream = connect(relay, client())) {
            assertThat(stream.readExactly(3)).asString().isEqualTo("all");
            cut.complete(null);
            assertThatThrownBy(stream::read)
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("truncated");
        }
    }

    /** Carries bytes on until it is told to cut both sides. */
    static Server relay(Server target, Promise<Void> cut, boolean reset) {
        return Tcp.listen(
                "127.0.0.1",
                0,
                client -> {
                    try (ByteStream server = Tcp.connect("127.0.0.1", target.port())) {
                        Task<Void> there = async(() -> carry(client, server));
                        Task<Void> back = async(() -> carry(server, client));
                        await(cut);
                        there.cancel();
                        back.cancel();
                        server.abort();
                        if (reset) {
                            client.abort();
                        }
                    }
                });
    }

    private static Void carry(ByteStream from, ByteStream to) {
        for (ByteView view; (view = from.readView()) != null; ) {
            to.write(view);
        }
        return null;
    }

    @AsyncTest
    void sessionsAreResumed() {
        for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
            List<Promise<Boolean>> resumed =
                    List.of(Promise.create(), Promise.create(), Promise.create(), Promise.create());
            int[] served = {0};
            ClientTls client = client().protocols(protocol);
            try (Server server =
                    listen(
                            server(),
                            stream -> {
                                stream.write(stream.read());
                                resumed.get(served[0]++).complete(stream.tls().resumed());
                            })) {
                for (int i = 0; i < 3; i++) {
                    // One connection uses up a ticket, and the next comes with what it receives.
                    try (ByteStream stream = connect(server, client)) {
                        assertThat(stream.tls().resumed()).as(protocol + " " + i).isEqualTo(i > 0);
                        assertThat(stream.tls().peerCertificates())
                                .first()
                                .isEqualTo(Certs.LOCALHOST.getCertificate());
                        stream.write("x");
                        assertThat(stream.readAll(10)).hasSize(1);
                    }
                    assertThat(await(resumed.get(i))).as(protocol + " " + i).isEqualTo(i > 0);
                }
                // Other options have sessions of their own.
                try (ByteStream stream = connect(server, client().protocols(protocol))) {
                    assertThat(stream.tls().resumed()).isFalse();
                    stream.abort();
                }
            }
        }
    }

    @AsyncTest
    void aCancelledConnectLeavesNothingOpenWhereverItIs() {
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            ClientTls tls = client();
            connect(server, tls).close(); // has read the files
            for (int i = 0; i < 60; i++) {
                Task<ByteStream> connecting = async(() -> connect(server, tls));
                for (int n = 0; n < i; n++) {
                    Async.yieldNow();
                }
                connecting.cancel();
                try {
                    await(connecting).close();
                } catch (CancellationException e) {
                    assertThat(connecting.isCancelled()).isTrue();
                }
            }
        }
    }

    @AsyncTest
    void theWiresBytesAreCounted() {
        var net = dev.weft.net.internal.LoopNet.of(dev.weft.Loop.current());
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            long before = net.bytesWritten();
            stream.write("x".repeat(1000));
            stream.readExactly(1000);
            // Both directions, each in a record with a header and a tag.
            assertThat(net.bytesWritten() - before).isBetween(2 * 1017L, 2 * 1300L);
            assertThat(net.bytesRead()).isGreaterThan(2000);
        }
    }
}
