package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.net.TlsException.Reason;
import dev.weft.testkit.AsyncTest;
import io.netty.pkitesting.X509Bundle;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What a handshake fails on, and how that is said. */
class TlsErrorsTest extends TlsTests {
    private static StreamHandler unreachable() {
        return stream -> {
            throw new AssertionError("handled");
        };
    }

    private TlsException refusedBy(ClientTls client, X509Bundle certificate) {
        try (Server server = listen(server(certificate), unreachable())) {
            return refused(() -> connect(server, client));
        }
    }

    @AsyncTest
    void anUnknownIssuerIsNamed() {
        X509Bundle stranger =
                Certs.issued(Certs.authority("CN=Stranger Authority"), "localhost", b -> b);
        TlsException e = refusedBy(client(), stranger);
        assertRefused(
                Reason.UNKNOWN_ISSUER,
                e,
                "CN=localhost",
                "issued by CN=Stranger Authority",
                "TlsTrust.pem",
                PinnedKeys.pin(stranger.getCertificate()));
        assertThat(e.certificates()).first().isEqualTo(stranger.getCertificate());
        assertThat(e.peer()).isNotNull();
        // The JDK's own list does not know ours, either.
        assertRefused(
                Reason.UNKNOWN_ISSUER,
                refusedBy(ClientTls.defaults().provider(provider()), Certs.LOCALHOST),
                "CN=Test Authority");
    }

    @AsyncTest
    void aCertificateThatWasIssuedByItselfIsSaidToBe() {
        assertRefused(
                Reason.UNKNOWN_ISSUER,
                refusedBy(client(), Certs.authority("CN=localhost")),
                "was issued by itself");
    }

    @AsyncTest
    void aWrongHostIsToldTheNamesThatTheCertificateHas() {
        TlsException e = refusedBy(client(), Certs.issued("other.example"));
        assertRefused(Reason.WRONG_HOST, e, "is for other.example, 127.0.0.9, not for localhost");
        assertThat(e.certificates()).hasSizeGreaterThanOrEqualTo(1);
    }

    @AsyncTest
    void theHostMayBeGivenOrLeftOut() {
        try (Server server = listen(server(Certs.issued("other.example")), TcpEchoTest::echo)) {
            connect(server, client().serverName("other.example")).close();
            connect(server, client().verifyHost(false)).close();
            assertRefused(
                    Reason.WRONG_HOST,
                    refused(() -> connect(server, client().serverName("third.example"))),
                    "not for third.example");
        }
    }

    @AsyncTest
    void anAddressIsVerifiedToo() {
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            TcpOptions options = TcpOptions.defaults().tls(client());
            Tcp.connect("127.0.0.9", server.port(), options).close();
            assertRefused(
                    Reason.WRONG_HOST,
                    refused(() -> Tcp.connect("127.0.0.1", server.port(), options)),
                    "not for 127.0.0.1");
        }
    }

    @AsyncTest
    void anExpiredCertificateIsSaidToHaveExpiredAndWhen() {
        X509Bundle expired = Certs.valid(-20, -10);
        assertRefused(
                Reason.EXPIRED,
                refusedBy(client(), expired),
                "expired at " + expired.getCertificate().getNotAfter().toInstant());
    }

    @AsyncTest
    void aCertificateOfTheFutureIsSaidToBe() {
        X509Bundle future = Certs.valid(10, 20);
        assertRefused(
                Reason.NOT_YET_VALID,
                refusedBy(client(), future),
                "not valid before " + future.getCertificate().getNotBefore().toInstant());
    }

    @AsyncTest
    void aPinnedKeyIsEnough() {
        X509Bundle stranger = Certs.issued(Certs.authority("CN=Stranger"), "wrong.example", b -> b);
        String pin = PinnedKeys.pin(stranger.getCertificate());
        try (Server server = listen(server(stranger), TcpEchoTest::echo)) {
            for (String form : List.of(pin, "sha256/" + pin)) {
                connect(server, client().trust(TlsTrust.keys(form))).close();
            }
        }
    }

    @AsyncTest
    void anotherKeyThanThePinnedIsRefusedWithItsPin() {
        String other = PinnedKeys.pin(Certs.issued("localhost").getCertificate());
        assertRefused(
                Reason.WRONG_KEY,
                refusedBy(client().trust(TlsTrust.keys(other)), Certs.LOCALHOST),
                "its key is sha256/" + PinnedKeys.pin(Certs.LOCALHOST.getCertificate()));
    }

    @AsyncTest
    void withoutACommonVersionBothSidesSaySo() {
        for (String[] versions : new String[][] {{"TLSv1.2", "TLSv1.3"}, {"TLSv1.3", "TLSv1.2"}}) {
            Promise<TlsException> there = Promise.create();
            ServerTls tls = server().protocols(versions[0]);
            try (Server server =
                    Tcp.listen(
                            "127.0.0.1",
                            0,
                            stream -> there.complete(refused(() -> stream.upgradeToTls(tls))))) {
                assertRefused(
                        Reason.NO_COMMON_PROTOCOL,
                        refused(() -> connect(server, client().protocols(versions[1]))),
                        "the server has no version of TLS in common",
                        "[" + versions[1] + "]");
                assertRefused(
                        Reason.NO_COMMON_PROTOCOL,
                        await(there),
                        "the client has no version of TLS in common",
                        "[" + versions[0] + "]");
            }
        }
    }

    @AsyncTest
    void withoutACommonCipherSuiteTheServerSaysSo() {
        Promise<TlsException> there = Promise.create();
        ServerTls tls =
                server().protocols("TLSv1.2")
                        .cipherSuites("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
        ClientTls client =
                client().protocols("TLSv1.2")
                        .cipherSuites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> there.complete(refused(() -> stream.upgradeToTls(tls))))) {
            // BoringSSL closes without an alert.
            assertThatThrownBy(() -> connect(server, client))
                    .isInstanceOf(UncheckedIOException.class);
            assertRefused(Reason.NO_COMMON_CIPHER_SUITE, await(there), "no cipher suite");
        }
    }

    @AsyncTest
    void aPeerThatDoesNotSpeakTlsIsShown() {
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            stream.read();
                            stream.write("HTTP/1.1 400 Bad Request\r\n\r\n");
                            stream.read();
                        })) {
            assertRefused(
                    Reason.NOT_TLS,
                    refused(() -> connect(server, client())),
                    "the server does not speak TLS",
                    "HTTP/1.1 400 Bad Request");
        }
    }

    @AsyncTest
    void aClientThatDoesNotSpeakTlsIsShownToTheServer() {
        Promise<TlsException> seen = Promise.create();
        ServerTls tls = server();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> seen.complete(refused(() -> stream.upgradeToTls(tls))));
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            stream.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            assertRefused(
                    Reason.NOT_TLS,
                    await(seen),
                    "the client does not speak TLS",
                    "GET / HTTP/1.1 Host: h");
        }
    }

    @AsyncTest
    void aPeerThatSaysNothingIsTooSlow() {
        try (Server server =
                Tcp.listen("127.0.0.1", 0, stream -> Async.sleep(Duration.ofHours(1)))) {
            ClientTls tls = client().handshakeTimeout(Duration.ofMillis(100));
            assertThatThrownBy(() -> connect(server, tls))
                    .isInstanceOfSatisfying(
                            TimedOutException.class,
                            e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(100)))
                    .hasMessageContaining("handshakeTimeout of 100 ms");
        }
    }

    @AsyncTest
    void aPeerThatStopsInTheMiddleIsTooSlow() {
        // A relay that lets only so much through.
        for (int bytes : new int[] {1, 5, 200, 600}) {
            try (Server server = listen(server(), TcpEchoTest::echo);
                    Server relay =
                            Tcp.listen(
                                    "127.0.0.1",
                                    0,
                                    client -> {
                                        try (ByteStream target =
                                                Tcp.connect("127.0.0.1", server.port())) {
                                            async(() -> forward(client, target));
                                            client.write(target.readExactly(bytes));
                                            Async.sleep(Duration.ofHours(1));
                                        }
                                    })) {
                ClientTls tls = client().handshakeTimeout(Duration.ofMillis(100));
                assertThatThrownBy(() -> connect(relay, tls)).isInstanceOf(TimedOutException.class);
            }
        }
    }

    @AsyncTest
    void aCallersOwnLimitIsNoTimedOutException() {
        try (Server server =
                Tcp.listen("127.0.0.1", 0, stream -> Async.sleep(Duration.ofHours(1)))) {
            Task<ByteStream> connecting = async(() -> connect(server, client()));
            Async.awaitFirst(List.of(connecting), Duration.ofMillis(50));
            connecting.cancel();
            assertThatThrownBy(() -> await(connecting)).isInstanceOf(CancellationException.class);
        }
    }

    @AsyncTest
    void garbageInTheMiddleOfAConnectionBreaksIt() {
        // What the relay is told to put in between is no record of this session.
        Promise<Void> now = Promise.create();
        try (Server server = listen(server(), stream -> Async.sleep(Duration.ofHours(1)));
                Server relay =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                client -> {
                                    try (ByteStream target =
                                            Tcp.connect("127.0.0.1", server.port())) {
                                        async(() -> forward(client, target));
                                        Task<Object> back =
                                                async(() -> {
                                                    for (ByteView v;
                                                            (v = target.readView()) != null; ) {
                                                        client.write(v);
                                                    }
                                                    return null;
                                                });
                                        await(now);
                                        back.cancel();
                                        client.write(new byte[] {23, 3, 3, 0, 30});
                                        client.write(new byte[30]);
                                        client.shutdownOutput();
                                        Async.sleep(Duration.ofHours(1));
                                    }
                                })) {
            ByteStream stream = connect(relay, client());
            now.complete(null);
            // BoringSSL has Netty send an alert first, and is then not asked again before the end.
            assertThatThrownBy(stream::read)
                    .isInstanceOf(
                            provider() == TlsProvider.JDK
                                    ? TlsException.class
                                    : UncheckedIOException.class);
            assertThat(stream.isOpen()).isFalse();
            stream.close();
        }
    }

    @AsyncTest
    void impossibleOptionsAreRefused() {
        assertThatThrownBy(() -> client().protocols("SSLv3"))
                .hasMessage("protocols must be TLSv1.3 or TLSv1.2, was SSLv3");
        assertThatThrownBy(() -> client().protocols(new String[0]))
                .hasMessage("protocols must not be empty");
        assertThatThrownBy(() -> client().handshakeTimeout(Duration.ZERO))
                .hasMessage("handshakeTimeout must be > 0, was PT0S");
        assertThatThrownBy(() -> client().applicationProtocols(""))
                .hasMessage("an application protocol must have 1 to 255 bytes, had 0");
        assertThatThrownBy(() -> TlsTrust.keys("abc")).hasMessageContaining("a pin must be");
        assertThatThrownBy(() -> server().identity("*", Certs.identity(Certs.LOCALHOST)))
                .hasMessage("name must be a host name, or *. and one, was *");
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            assertThatThrownBy(() -> connect(server, client().cipherSuites("NOT_A_SUITE")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("NOT_A_SUITE");
        }
    }

    /** One direction of a relay, whose peer may go as it likes, and whose handler may end. */
    private static void forward(ByteStream from, ByteStream to) {
        try {
            for (ByteView v; (v = from.readView()) != null; ) {
                to.write(v);
            }
        } catch (BrokenConnectionException e) {
            assertThat(e.peer()).isNotNull();
        } catch (StreamClosedException e) {
            assertThat(to.isOpen() && from.isOpen()).as("both open, yet: %s", e).isFalse();
        }
    }
}
