package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientCertificates;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.StreamHandler;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsProvider;
import dev.weft.net.TlsSession;
import dev.weft.testkit.AsyncTest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** {@code openssl s_client} against our TLS, on the JDK's and, in a subclass, on BoringSSL. */
class OpensslClientIT {
    private static final List<String> VERSIONS = List.of("TLSv1.2", "TLSv1.3");

    @TempDir static Path folder;

    private static Pki pki;

    @BeforeAll
    static void makeCertificates() {
        pki = Pki.makeMany(folder);
    }

    TlsProvider provider() {
        return TlsProvider.JDK;
    }

    private ServerTls tls() {
        return tls("localhost");
    }

    private ServerTls tls(String certificate) {
        return ServerTls.of(pki.identity(certificate)).provider(provider());
    }

    private static Server listen(ServerTls tls, StreamHandler handler) {
        return Tcp.listen("127.0.0.1", 0, TcpOptions.defaults().tls(tls), handler);
    }

    /** Says what was agreed on, then repeats lines in capitals, until one says bye. */
    private static void talk(ByteStream stream) {
        TlsSession tls = stream.tls();
        // On a line of its own: the command prints what it gets into the middle of what it says.
        stream.write(
                "\nagreed on %s, %s, resumed %s, client %s, name %s\n"
                        .formatted(
                                tls.protocol(),
                                tls.applicationProtocol(),
                                tls.resumed(),
                                tls.peerCertificates().stream()
                                        .findFirst()
                                        .map(c -> c.getSubjectX500Principal().getName())
                                        .orElse("unknown"),
                                tls.serverName()));
        for (String line : stream.lines()) {
            if (line.equals("bye")) {
                return;
            }
            stream.write(line.toUpperCase(Locale.ROOT) + "\n");
        }
    }

    private static String option(String version) {
        return "-" + version.replace("TLSv", "tls").replace('.', '_');
    }

    /** Checks the server; the end of its input closes the connection. */
    private static Program client(Server server, String... options) {
        List<String> words = new ArrayList<>();
        words.addAll(List.of("s_client", "-connect", "localhost:" + server.port()));
        words.addAll(List.of("-verify_hostname", "localhost"));
        words.addAll(List.of("-CAfile", pki.pem("ca"), "-verify_return_error"));
        words.addAll(List.of(options));
        return pki.start(words.toArray(String[]::new));
    }

    /** A client that only hears what was agreed on, and leaves. */
    private static Program visit(Server server, String... options) {
        Program client = client(server, options);
        await(client.line("agreed on"));
        client.endInput();
        assertThat(await(client.exit())).describedAs("%s", client).isZero();
        return client;
    }

    private static void requireRefused(Server server, String why, String... options) {
        try (Program client = client(server, options)) {
            assertThat(await(client.exit())).describedAs("%s", client).isNotZero();
            assertThat(client.err()).anyMatch(l -> l.contains(why));
            assertThat(client.out()).noneMatch(l -> l.startsWith("agreed on"));
        }
    }

    @AsyncTest(seconds = 60)
    void linesGoBothWaysInEachVersionUntilTheServerSaysTheEnd() {
        try (Server server = listen(tls(), OpensslClientIT::talk)) {
            for (String version : VERSIONS) {
                try (Program client = client(server, option(version), "-ign_eof")) {
                    client.send("hello\n");
                    assertThat(await(client.line("agreed on")))
                            .startsWith("agreed on " + version + ", null, resumed false");
                    assertThat(await(client.line("HELLO"))).isEqualTo("HELLO");
                    client.send("bye\n");
                    assertThat(await(client.exit())).describedAs("%s", client).isZero();
                    assertThat(client.out())
                            .anyMatch(l -> l.startsWith("New, " + version))
                            .last()
                            .isEqualTo("closed");
                }
            }
        }
    }

    @AsyncTest(seconds = 60)
    void aMebibyteComesWhole() {
        Promise<Integer> length = Promise.create();
        try (Server server =
                        listen(tls(), stream -> length.complete(stream.readAll(1 << 21).length));
                Program client = client(server, "-quiet", "-no_ign_eof")) {
            Async.offload(() -> {
                client.send("x".repeat(1 << 20)); // which waits for the server
                client.endInput();
                return true;
            });
            assertThat(await(length)).isEqualTo(1 << 20);
            assertThat(await(client.exit())).describedAs("%s", client).isZero();
        }
    }

    @AsyncTest(seconds = 60)
    void sessionsAreResumed() {
        for (String version : VERSIONS) {
            try (Server server = listen(tls(), OpensslClientIT::talk);
                    Program first = visit(server, option(version), "-sess_out", "session");
                    Program second = visit(server, option(version), "-sess_in", "session")) {
                assertThat(first.out())
                        .anyMatch(l -> l.startsWith("New, " + version))
                        .anyMatch(l -> l.contains(version + ", null, resumed false"));
                assertThat(second.out())
                        .anyMatch(l -> l.startsWith("Reused, " + version))
                        .anyMatch(l -> l.contains(version + ", null, resumed true"));
            }
        }
    }

    @AsyncTest(seconds = 60)
    void keysAreUpdatedInTheMiddle() {
        try (Server server = listen(tls(), OpensslClientIT::talk);
                Program client = client(server, "-tls1_3")) {
            for (String command : new String[] {"k", "K"}) { // its own key; both
                client.send("before\n");
                await(client.line("BEFORE"));
                client.send(command + "\n");
                await(client.errorLine("KEYUPDATE"));
                client.send("after\n");
                await(client.line("AFTER"));
            }
            client.endInput();
            assertThat(await(client.exit())).describedAs("%s", client).isZero();
        }
    }

    @AsyncTest(seconds = 60)
    void aClientMayNotNegotiateAnew() {
        try (Server server = listen(tls(), OpensslClientIT::talk);
                Program client = client(server, "-tls1_2")) {
            client.send("before\n");
            await(client.line("BEFORE"));
            client.send("R\n");
            await(client.errorLine("RENEGOTIATING"));
            assertThat(await(client.exit())).describedAs("%s", client).isNotZero();
        }
    }

    // ---- who is who

    @AsyncTest(seconds = 60)
    void aClientsCertificateIsWanted() {
        ServerTls wanted = tls().clientCertificates(ClientCertificates.WANTED, pki.trust());
        for (String version : VERSIONS) {
            try (Server server = listen(wanted, OpensslClientIT::talk)) {
                String v = option(version);
                try (Program without = visit(server, v);
                        Program with =
                                visit(server, v, "-cert", "client.pem", "-key", "client.key")) {
                    assertThat(without.out()).anyMatch(l -> l.contains("client unknown"));
                    assertThat(with.out()).anyMatch(l -> l.contains("client CN=client"));
                }
                requireRefused(
                        server,
                        "alert",
                        v,
                        "-cert",
                        "stranger.pem",
                        "-key",
                        "stranger.key",
                        "-ign_eof");
            }
        }
    }

    @AsyncTest(seconds = 60)
    void aClientsCertificateIsRequired() {
        ServerTls required = tls().clientCertificates(ClientCertificates.REQUIRED, pki.trust());
        for (String version : VERSIONS) {
            try (Server server = listen(required, OpensslClientIT::talk)) {
                String v = option(version);
                requireRefused(server, "alert", v, "-ign_eof");
                requireRefused(
                        server,
                        "alert",
                        v,
                        "-cert",
                        "stranger.pem",
                        "-key",
                        "stranger.key",
                        "-ign_eof");
                try (Program with = visit(server, v, "-cert", "client.pem", "-key", "client.key")) {
                    assertThat(with.out()).anyMatch(l -> l.contains("client CN=client"));
                }
            }
        }
    }

    @AsyncTest(seconds = 60)
    void aClientThatRefusesTheServerHarmsNobodyElse() {
        try (Server server = listen(tls(), OpensslClientIT::talk);
                Server expired = listen(tls("expired"), OpensslClientIT::talk)) {
            for (String version : VERSIONS) {
                String v = option(version);
                requireRefused(server, "hostname mismatch", v, "-verify_hostname", "example.org");
                requireRefused(server, "unable to get local issuer", v, "-CAfile", "other-ca.pem");
                requireRefused(expired, "certificate has expired", v);
                visit(server, v).close();
            }
        }
    }

    @AsyncTest(seconds = 60)
    void theNameChoosesTheCertificate() {
        ServerTls tls = tls().identity("one.example", pki.identity("one.example"));
        try (Server server = listen(tls, OpensslClientIT::talk)) {
            for (String name : new String[] {"one.example", "localhost"}) {
                try (Program client =
                        visit(server, "-servername", name, "-verify_hostname", name)) {
                    assertThat(client.out())
                            .contains("subject=CN = " + name)
                            .anyMatch(l -> l.endsWith("name " + name));
                }
            }
            try (Program client = visit(server, "-noservername")) {
                assertThat(client.out())
                        .contains("subject=CN = localhost")
                        .anyMatch(l -> l.endsWith("name null"));
            }
        }
    }

    // ---- what is spoken

    @AsyncTest(seconds = 60)
    void theApplicationProtocolIsAgreedOn() {
        ServerTls tls = tls().applicationProtocols("chat/2", "chat/1");
        try (Server server = listen(tls, OpensslClientIT::talk)) {
            for (String version : VERSIONS) {
                try (Program client = visit(server, option(version), "-alpn", "chat/1,chat/2")) {
                    assertThat(client.out())
                            .contains("ALPN protocol: chat/2")
                            .anyMatch(l -> l.startsWith("agreed on " + version + ", chat/2"));
                }
                if (provider() == TlsProvider.JDK) { // see TlsProvider.OPENSSL
                    requireRefused(
                            server,
                            "no application protocol",
                            option(version),
                            "-alpn",
                            "smtp",
                            "-ign_eof");
                }
            }
        }
    }

    @AsyncTest(seconds = 60)
    void anOldVersionIsRefused() {
        try (Server server = listen(tls(), OpensslClientIT::talk)) {
            requireRefused(server, "protocol version", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0");
        }
        try (Server server = listen(tls().protocols("TLSv1.3"), OpensslClientIT::talk)) {
            requireRefused(server, "protocol version", "-tls1_2");
            visit(server, "-tls1_3").close();
        }
    }

    @AsyncTest(seconds = 60)
    void tlsBeginsInTheMiddleOfAnSmtpSession() {
        ServerTls tls = tls();
        StreamHandler smtp =
                stream -> {
                    stream.write("220 mail.example ESMTP\r\n");
                    assertThat(stream.readLine()).startsWith("EHLO ");
                    stream.write("250-mail.example\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
                    assertThat(stream.readLine()).isEqualTo("STARTTLS");
                    stream.write("220 go ahead\r\n");
                    stream.upgradeToTls(tls);
                    talk(stream);
                };
        try (Server server = Tcp.listen("127.0.0.1", 0, smtp)) {
            for (String version : VERSIONS) {
                try (Program client = client(server, "-starttls", "smtp", option(version))) {
                    client.send("noop\n");
                    assertThat(await(client.line("agreed on"))).contains(version);
                    await(client.line("NOOP"));
                    client.endInput();
                    assertThat(await(client.exit())).describedAs("%s", client).isZero();
                }
            }
        }
    }

    // ---- how it ends

    @AsyncTest(seconds = 60)
    void closeNotifyIsTheEndAndAKilledClientIsNone() {
        List<String> ends = new ArrayList<>();
        StreamHandler handler =
                stream -> {
                    stream.write("\nagreed on\n");
                    try {
                        ends.add(String.valueOf(stream.readLine()));
                    } catch (BrokenConnectionException e) {
                        ends.add(e.getMessage());
                    }
                };
        try (Server server = listen(tls(), handler)) {
            for (String version : VERSIONS) {
                visit(server, option(version)).close();
                try (Program client = client(server, option(version))) {
                    await(client.line("agreed on"));
                    client.kill();
                    await(client.exit());
                }
            }
            server.drain(Duration.ofSeconds(20));
        }
        assertThat(ends).hasSize(4);
        assertThat(ends.get(0)).isEqualTo("null");
        assertThat(ends.get(1)).contains("truncated");
        assertThat(ends.get(2)).isEqualTo("null");
        assertThat(ends.get(3)).contains("truncated");
    }
}
