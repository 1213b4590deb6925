package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import io.netty.pkitesting.X509Bundle;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.io.TempDir;

/** What a TLS server chooses: its certificate, the protocol, whom it serves. */
class TlsServerTest extends TlsTests {
    private static final int ENDLESS = 20_000;
    private static final int SMALL = 8 * 1024;

    @TempDir Path folder;

    private static X509Certificate shown(Server server, ClientTls tls, String name) {
        try (ByteStream stream = connect(server, tls.serverName(name))) {
            return stream.tls().peerCertificates().getFirst();
        }
    }

    @AsyncTest
    void theNameThatIsAskedForChoosesTheCertificate() {
        X509Bundle one = Certs.issued("one.example");
        X509Bundle wild = Certs.issued("*.wild.example");
        X509Bundle exact = Certs.issued("exact.wild.example");
        ServerTls tls =
                server().identity("ONE.example", Certs.identity(one))
                        .identity("*.wild.example", Certs.identity(wild))
                        .identity("exact.wild.example", Certs.identity(exact));
        List<String> asked = new ArrayList<>();
        try (Server server =
                listen(
                        tls,
                        stream -> {
                            asked.add(stream.tls().serverName());
                            stream.read();
                        })) {
            assertThat(shown(server, client(), "one.example")).isEqualTo(one.getCertificate());
            assertThat(shown(server, client(), "any.wild.example"))
                    .isEqualTo(wild.getCertificate());
            assertThat(shown(server, client(), "exact.wild.example"))
                    .isEqualTo(exact.getCertificate());
            assertThat(shown(server, client(), "localhost"))
                    .isEqualTo(Certs.LOCALHOST.getCertificate());
            // A star stands for one label, and an unknown name gets the standard.
            for (String other : new String[] {"a.b.wild.example", "wild.example", "x.example"}) {
                assertThat(shown(server, client().verifyHost(false), other))
                        .isEqualTo(Certs.LOCALHOST.getCertificate());
            }
            assertThat(shown(server, client().protocols("TLSv1.2"), "one.example"))
                    .isEqualTo(one.getCertificate());
        }
        assertThat(asked).startsWith("one.example", "any.wild.example", "exact.wild.example");
    }

    @AsyncTest
    void limitsMayBeForEver() {
        Duration forEver = ChronoUnit.FOREVER.getDuration();
        TcpOptions options =
                TcpOptions.defaults()
                        .connectTimeout(forEver)
                        .closeTimeout(forEver)
                        .readIdleTimeout(forEver)
                        .writeIdleTimeout(forEver);
        ServerTls tls = server().handshakeTimeout(forEver).closeTimeout(forEver);
        ClientTls trusting = client().handshakeTimeout(forEver).closeTimeout(forEver);
        try (Server server = Tcp.listen("0.0.0.0", 0, options.tls(tls), TcpEchoTest::echo);
                ByteStream stream =
                        Tcp.connect("localhost", server.port(), options.tls(trusting))) {
            byte[] much = new byte[1 << 20];
            Task<?> writing = async(() -> stream.write(much));
            assertThat(stream.readExactly(much.length)).hasSize(much.length);
            await(writing);
        }
        assertThatThrownBy(() -> options.userTimeout(forEver))
                .hasMessageStartingWith("userTimeout must be 1 ms to 24 days, was");
    }

    @AsyncTest
    void aClientMayNotAskForNewKeysAndTakeNoAnswers() throws Exception {
        TcpOptions options =
                TcpOptions.defaults()
                        .sendBufferBytes(SMALL)
                        .receiveBufferBytes(SMALL)
                        .tls(server());
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, new TrustManager[] {Certs.TRUST.load()}, null);
        try (Server server = Tcp.listen("0.0.0.0", 0, options, ByteStream::read)) {
            int asked = Async.offload(() -> askForNewKeys(context, server.port()));
            System.out.printf("%d new keys were asked for over %s%n", asked, provider());
            assertThat(asked).isLessThan(ENDLESS);
        }
    }

    /** Until the server has had enough. In TLS 1.3 this is what a second handshake does. */
    private static int askForNewKeys(SSLContext context, int port) throws IOException {
        try (Socket plain = new Socket()) {
            plain.setReceiveBufferSize(SMALL);
            plain.setSendBufferSize(SMALL);
            plain.connect(new InetSocketAddress("localhost", port));
            SSLSocket socket =
                    (SSLSocket)
                            context.getSocketFactory().createSocket(plain, "localhost", port, true);
            socket.startHandshake();
            for (int asked = 0; asked < ENDLESS; asked++) {
                try {
                    socket.startHandshake();
                } catch (IOException e) {
                    return asked;
                }
            }
            return ENDLESS;
        }
    }

    @AsyncTest
    void aClientMayNotNegotiateAnew() throws Exception {
        Promise<Throwable> failure = Promise.create();
        StreamHandler handler =
                stream -> {
                    try {
                        TcpEchoTest.echo(stream);
                    } catch (UncheckedIOException e) {
                        failure.complete(e);
                    }
                };
        SSLContext context = SSLContext.getInstance("TLSv1.2");
        context.init(null, new TrustManager[] {Certs.TRUST.load()}, null);
        try (Server server = listen(server(), handler)) {
            assertThatThrownBy(() -> Async.offload(() -> negotiateTwice(context, server.port())))
                    .isInstanceOf(UncheckedIOException.class);
            assertThat(await(failure)).isInstanceOf(TlsException.class);
        }
    }

    private static int negotiateTwice(SSLContext context, int port) throws IOException {
        try (Socket socket = context.getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            ((SSLSocket) socket).startHandshake();
            socket.getOutputStream().write('y');
            return socket.getInputStream().read();
        }
    }

    @AsyncTest
    void anAddressIsNoNameToAskFor() {
        Promise<String> asked = Promise.create();
        try (Server server =
                        listen(server(), stream -> asked.complete("" + stream.tls().serverName()));
                ByteStream stream =
                        Tcp.connect(
                                "127.0.0.9", server.port(), TcpOptions.defaults().tls(client()))) {
            assertThat(await(asked)).isEqualTo("null");
            assertThat(stream.tls()).isNotNull();
        }
    }

    @AsyncTest
    void theServersFirstCommonApplicationProtocolIsChosen() {
        ServerTls tls = server().applicationProtocols("h2", "http/1.1");
        Promise<String> there = Promise.create();
        try (Server server =
                        listen(tls, stream -> there.complete(stream.tls().applicationProtocol()));
                ByteStream stream =
                        connect(server, client().applicationProtocols("x", "http/1.1", "h2"))) {
            assertThat(stream.tls().applicationProtocol()).isEqualTo("h2");
            assertThat(await(there)).isEqualTo("h2");
        }
    }

    @AsyncTest
    void whoeverKnowsNothingOfApplicationProtocolsIsServed() {
        try (Server server = listen(server().applicationProtocols("h2"), TcpEchoTest::echo);
                ByteStream stream = connect(server, client())) {
            assertThat(stream.tls().applicationProtocol()).isNull();
        }
        try (Server server = listen(server(), TcpEchoTest::echo);
                ByteStream stream = connect(server, client().applicationProtocols("h2"))) {
            assertThat(stream.tls().applicationProtocol()).isNull();
        }
    }

    @AsyncTest
    void withoutACommonApplicationProtocolThereIsNoConnection() {
        Promise<String> chosen = Promise.create();
        try (Server server =
                listen(
                        server().applicationProtocols("h2"),
                        stream -> chosen.complete("" + stream.tls().applicationProtocol()))) {
            ClientTls other = client().applicationProtocols("smtp", "imap");
            if (isJdk()) {
                assertRefused(
                        TlsException.Reason.NO_COMMON_APPLICATION_PROTOCOL,
                        refused(() -> connect(server, other)),
                        "[smtp, imap]");
                assertThat(chosen.isDone()).isFalse();
            } else {
                connect(server, other).close(); // as TlsProvider.OPENSSL says
                assertThat(await(chosen)).isEqualTo("null");
            }
        }
    }

    private ServerTls demanding(ClientCertificates which) {
        return server().clientCertificates(which, Certs.TRUST);
    }

    @AsyncTest
    void aClientsCertificateIsSeenByTheServer() {
        X509Bundle client = Certs.issued("client");
        for (ClientCertificates which :
                List.of(ClientCertificates.WANTED, ClientCertificates.REQUIRED)) {
            Promise<List<X509Certificate>> shown = Promise.create();
            try (Server server =
                            listen(
                                    demanding(which),
                                    stream -> {
                                        shown.complete(stream.tls().peerCertificates());
                                        TcpEchoTest.echo(stream);
                                    });
                    ByteStream stream =
                            connect(server, client().identity(Certs.identity(client)))) {
                stream.write("x");
                assertThat(stream.read()).containsExactly('x');
                assertThat(await(shown)).first().isEqualTo(client.getCertificate());
            }
        }
    }

    @AsyncTest
    void whereCertificatesAreWantedWhoeverHasNoneIsServed() {
        try (Server server =
                        listen(
                                demanding(ClientCertificates.WANTED),
                                stream -> {
                                    assertThat(stream.tls().peerCertificates()).isEmpty();
                                    TcpEchoTest.echo(stream);
                                });
                ByteStream stream = connect(server, client())) {
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
        }
    }

    /** In TLS 1.3 the client's handshake is over before the server has seen its certificate. */
    private static TlsException refusedAtLast(Server server, ClientTls tls) {
        return refused(() -> {
            try (ByteStream stream = connect(server, tls)) {
                stream.write("x");
                stream.read();
            }
        });
    }

    @AsyncTest
    void aClientWithoutTheRequiredCertificateIsToldSo() {
        for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
            try (Server server =
                    listen(
                            demanding(ClientCertificates.REQUIRED),
                            stream -> {
                                throw new AssertionError("handled");
                            })) {
                TlsException refused = refusedAtLast(server, client().protocols(protocol));
                assertThat(refused).hasMessageContaining("ClientTls.identity");
                // In TLS 1.2 the alert may be the one that is for everything.
                assertThat(refused.reason())
                        .isIn(
                                TlsException.Reason.CERTIFICATE_REQUIRED,
                                protocol.equals("TLSv1.2")
                                        ? TlsException.Reason.OTHER
                                        : TlsException.Reason.CERTIFICATE_REQUIRED);
            }
        }
    }

    @AsyncTest
    void aClientWithACertificateThatIsNotTrustedIsToldSo() {
        TlsIdentity stranger =
                Certs.identity(Certs.issued(Certs.authority("CN=Other"), "client", b -> b));
        for (String protocol : new String[] {"TLSv1.3", "TLSv1.2"}) {
            for (ClientCertificates which :
                    List.of(ClientCertificates.WANTED, ClientCertificates.REQUIRED)) {
                try (Server server =
                        listen(
                                demanding(which),
                                stream -> {
                                    throw new AssertionError("handled");
                                })) {
                    assertRefused(
                            TlsException.Reason.CERTIFICATE_REFUSED,
                            refusedAtLast(server, client().protocols(protocol).identity(stranger)),
                            "refused this side's certificate");
                }
            }
        }
    }

    private static void store(X509Bundle bundle, Path chain, Path key) throws IOException {
        Files.writeString(chain, bundle.getCertificatePathPEM());
        Files.writeString(key, bundle.getPrivateKeyPEM());
    }

    @AsyncTest
    void anIdentityIsReloadedWhileConnectionsGoOn() throws IOException {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        X509Bundle first = Certs.issued("localhost");
        X509Bundle second = Certs.issued("localhost");
        store(first, chain, key);
        // @start region="listen"
        TlsIdentity identity = TlsIdentity.pem(chain, key);
        TcpOptions options = TcpOptions.defaults().tls(ServerTls.of(identity).provider(provider()));
        Server server = Tcp.listen("127.0.0.1", 0, options, TcpEchoTest::echo);
        // @end
        try (server;
                ByteStream old = connect(server, client())) {
            assertThat(old.tls().peerCertificates()).first().isEqualTo(first.getCertificate());
            store(second, chain, key);
            assertThat(shown(server, client(), "localhost")).isEqualTo(first.getCertificate());
            // @start region="reload"
            identity.reload();
            // @end
            assertThat(shown(server, client(), "localhost")).isEqualTo(second.getCertificate());
            old.write("still here");
            assertThat(old.readExactly(10)).asString().isEqualTo("still here");
        }
    }

    @AsyncTest
    void aBrokenFileKeepsTheOldIdentityAndIsNamed() throws IOException {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        X509Bundle first = Certs.issued("localhost");
        store(first, chain, key);
        TlsIdentity identity = TlsIdentity.pem(chain, key);
        try (Server server =
                listen(ServerTls.of(identity).provider(provider()), TcpEchoTest::echo)) {
            Files.writeString(chain, "half a certifi");
            assertThatThrownBy(identity::reload)
                    .isInstanceOfSatisfying(
                            InvalidKeyMaterialException.class,
                            e -> assertThat(e.source()).isEqualTo(chain.toString()))
                    .hasMessageContaining(chain + ": no certificate in it");
            Files.writeString(chain, Certs.issued("localhost").getCertificatePathPEM());
            assertThatThrownBy(identity::reload)
                    .hasMessage(key + ": the key is not that of the certificate");
            Files.delete(key);
            assertThatThrownBy(identity::reload).hasMessage("no such file: " + key);
            assertThat(shown(server, client(), "localhost")).isEqualTo(first.getCertificate());
        }
    }

    @AsyncTest(seconds = 60)
    void reloadingUnderLoadDisturbsNobody() throws IOException {
        Path chain = folder.resolve("chain.pem");
        Path key = folder.resolve("key.pem");
        store(Certs.LOCALHOST, chain, key);
        TlsIdentity identity = TlsIdentity.pem(chain, key);
        try (Server server =
                listen(ServerTls.of(identity).provider(provider()), TcpEchoTest::echo)) {
            Task<Integer> reloading =
                    async(() -> {
                        for (int i = 0; ; i++) {
                            identity.reload();
                            Async.yieldNow();
                        }
                    });
            List<Task<Integer>> clients = new ArrayList<>();
            for (int c = 0; c < 8; c++) {
                clients.add(
                        async(() -> {
                            int done = 0;
                            for (; done < 15; done++) {
                                // New options each time, so that nothing is resumed.
                                try (ByteStream stream = connect(server, client())) {
                                    stream.write("x");
                                    stream.read();
                                }
                            }
                            return done;
                        }));
            }
            for (Task<Integer> task : clients) {
                assertThat(await(task)).isEqualTo(15);
            }
            reloading.cancel();
            assertThatThrownBy(() -> await(reloading)).isInstanceOf(CancellationException.class);
        }
    }

    @AsyncTest
    void aServerWhoseFilesAreMissingDoesNotListen() {
        Path missing = folder.resolve("nowhere.pem");
        ServerTls tls = ServerTls.of(TlsIdentity.pem(missing, missing)).provider(provider());
        assertThatThrownBy(() -> listen(tls, TcpEchoTest::echo))
                .isInstanceOf(InvalidKeyMaterialException.class)
                .hasMessage("no such file: " + missing);
    }

    @AsyncTest
    void aClientThatSaysNothingDoesNotHoldUpTheOthers() {
        Promise<Throwable> ended = Promise.create();
        ServerTls tls = server().handshakeTimeout(Duration.ofMillis(300));
        try (Server server = listen(tls, TcpEchoTest::echo);
                ByteStream silent = Tcp.connect("127.0.0.1", server.port());
                ByteStream stream = connect(server, client())) {
            stream.write("x");
            assertThat(stream.read()).containsExactly('x');
            assertThatThrownBy(() -> assertThat(silent.read()).isNotNull())
                    .isNotInstanceOf(TimedOutException.class); // closed or reset
        }
    }

    @AsyncTest
    void clientsThatFailNeverReachTheHandlerAndAreNoFailureOfTheServer() {
        try (Server server =
                listen(
                        server().handshakeTimeout(Duration.ofMillis(200)),
                        stream -> {
                            throw new AssertionError("handled");
                        })) {
            for (String garbage :
                    new String[] {"", "GET / HTTP/1.1\r\n\r\n", "\u0016\u0003\u0001"}) {
                try (ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                    if (!garbage.isEmpty()) {
                        stream.write(garbage);
                    }
                    stream.shutdownOutput();
                    stream.readAll(1000);
                } catch (BrokenConnectionException e) {
                    // reset
                }
            }
            Tcp.connect("127.0.0.1", server.port()).abort();
        }
    }

    @AsyncTest
    void aServerThatClosesEndsHandshakesThatAreGoingOn() {
        ByteStream silent;
        try (Server server = listen(server(), TcpEchoTest::echo)) {
            silent = Tcp.connect("127.0.0.1", server.port());
            connect(server, client()).close(); // by now the other is accepted
        }
        assertThat(ended(silent)).isTrue();
        silent.close();
    }

    static boolean ended(ByteStream stream) {
        try {
            return stream.read() == null;
        } catch (BrokenConnectionException e) {
            return true;
        }
    }
}
