package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.InvalidKeyMaterialException;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.net.TlsIdentity;
import dev.weft.net.TlsProvider;
import dev.weft.net.TlsTrust;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Keys and stores of all forms that the openssl command writes: a server is run with each. */
class OpensslKeysIT {
    private static final String[] P256 = {
        "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"
    };

    @TempDir Path folder;

    private Pki pki;

    @BeforeEach
    void makeAuthority() {
        pki = new Pki(folder).authority("ca", "Test Authority");
    }

    /** Makes NAME.key by a command, and NAME.pem for it. */
    private void issue(String name, String... makeKey) {
        List<String> words = new ArrayList<>(List.of(makeKey));
        words.addAll(1, List.of("-out", pki.key(name)));
        pki.run(words.toArray(String[]::new));
        pki.run(
                "req",
                "-new",
                "-key",
                pki.key(name),
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
                "-out",
                name + ".csr");
        pki.sign(name, "ca", 2);
    }

    private Path pem(String name) {
        return pki.file(pki.pem(name));
    }

    private Path key(String name) {
        return pki.file(pki.key(name));
    }

    private void requireUsable(TlsIdentity identity) {
        for (TlsProvider provider : new TlsProvider[] {TlsProvider.JDK, TlsProvider.OPENSSL}) {
            requireUsable(identity, provider);
        }
    }

    /** A client that is the openssl command believes it, and so does ours. */
    private void requireUsable(TlsIdentity identity, TlsProvider provider) {
        TcpOptions options = TcpOptions.defaults().tls(ServerTls.of(identity).provider(provider));
        try (Server server =
                Tcp.listen("127.0.0.1", 0, options, stream -> stream.write("\nhello\n"))) {
            ClientTls client = ClientTls.defaults().trust(pki.trust()).provider(provider);
            try (ByteStream stream =
                            Tcp.connect(
                                    "localhost", server.port(), TcpOptions.defaults().tls(client));
                    Program openssl =
                            pki.start(
                                    "s_client",
                                    "-connect",
                                    "localhost:" + server.port(),
                                    "-verify_hostname",
                                    "localhost",
                                    "-CAfile",
                                    "ca.pem",
                                    "-verify_return_error",
                                    "-ign_eof")) {
                assertThat(stream.readAll(100)).asString().isEqualTo("\nhello\n");
                assertThat(await(openssl.exit())).describedAs("%s", openssl).isZero();
                assertThat(openssl.out()).contains("hello");
            }
        }
    }

    private static void requireInvalid(TlsIdentity identity, String... parts) {
        assertThatThrownBy(identity::reload)
                .isInstanceOf(InvalidKeyMaterialException.class)
                .hasMessageContainingAll(parts);
    }

    @AsyncTest(seconds = 60)
    void plainKeysOfAllKinds() {
        issue("rsa", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
        issue("ec", P256);
        issue("p384", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384");
        issue("old-rsa", "genrsa", "-traditional", "2048");
        issue("old-ec", "ecparam", "-genkey", "-name", "prime256v1");
        issue("bare-ec", "ecparam", "-genkey", "-noout", "-name", "prime256v1");
        for (String name : new String[] {"rsa", "ec", "p384", "old-rsa", "old-ec", "bare-ec"}) {
            requireUsable(TlsIdentity.pem(pem(name), key(name)));
        }
    }

    @AsyncTest(seconds = 60)
    void curvesThatTheJdkAloneSpeaks() {
        issue("p521", "ecparam", "-genkey", "-noout", "-name", "secp521r1");
        issue("ed25519", "genpkey", "-algorithm", "ED25519");
        issue("ed448", "genpkey", "-algorithm", "ED448");
        for (String name : new String[] {"p521", "ed25519", "ed448"}) {
            TlsIdentity identity = TlsIdentity.pem(pem(name), key(name));
            requireUsable(identity, TlsProvider.JDK);
            assertThatThrownBy(() -> requireUsable(identity, TlsProvider.OPENSSL))
                    .isInstanceOf(UncheckedIOException.class);
        }
    }

    @AsyncTest(seconds = 60)
    void encryptedKeys() {
        String[][] ways = {
            {}, {"-v2", "aes-128-cbc"}, {"-v2prf", "hmacWithSHA512"}, {"-v1", "PBE-SHA1-3DES"}
        };
        issue("plain", P256);
        for (String[] way : ways) {
            List<String> words = new ArrayList<>(List.of("pkcs8", "-topk8", "-in", "plain.key"));
            words.addAll(List.of("-passout", "pass:secret", "-out", "encrypted.key"));
            words.addAll(List.of(way));
            pki.run(words.toArray(String[]::new));
            requireUsable(TlsIdentity.pem(pem("plain"), key("encrypted"), "secret"));
            requireInvalid(
                    TlsIdentity.pem(pem("plain"), key("encrypted"), "wrong"),
                    "encrypted.key",
                    "password");
            requireInvalid(
                    TlsIdentity.pem(pem("plain"), key("encrypted")), "its password is missing");
        }
    }

    @AsyncTest(seconds = 60)
    void whatTheJdkCannotDecryptIsSaid() {
        issue("plain", P256);
        pki.run(
                "pkcs8",
                "-topk8",
                "-scrypt",
                "-in",
                "plain.key",
                "-passout",
                "pass:secret",
                "-out",
                "scrypt.key");
        requireInvalid(TlsIdentity.pem(pem("plain"), key("scrypt"), "secret"), "scrypt.key");
        pki.run("ec", "-aes128", "-in", "plain.key", "-passout", "pass:secret", "-out", "old.key");
        requireInvalid(
                TlsIdentity.pem(pem("plain"), key("old"), "secret"),
                "old.key",
                "convert it with openssl pkcs8 -topk8");
    }

    @AsyncTest(seconds = 60)
    void chainAndKeyInOneFile() {
        issue("leaf", P256);
        pki.run("x509", "-in", "leaf.pem", "-text", "-out", "text.pem");
        Async.offload(() -> {
            String all =
                    Files.readString(key("leaf"))
                            + Files.readString(pem("text"))
                            + Files.readString(pem("ca"));
            return Files.writeString(pki.file("all.pem"), all);
        });
        requireUsable(TlsIdentity.pem(pki.file("all.pem"), pki.file("all.pem")));
    }

    @AsyncTest(seconds = 60)
    void stores() {
        issue("rsa", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048");
        issue("ec", P256);
        for (String name : new String[] {"rsa", "ec"}) {
            String[][] ways = {
                {},
                {"-certpbe", "NONE"},
                {"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"},
                {"-macalg", "sha1"}
            };
            for (String[] way : ways) {
                List<String> words = new ArrayList<>(List.of("pkcs12", "-export"));
                words.addAll(List.of("-in", pki.pem(name), "-inkey", pki.key(name)));
                words.addAll(List.of("-certfile", "ca.pem", "-passout", "pass:secret"));
                words.addAll(List.of("-out", "store.p12"));
                words.addAll(List.of(way));
                pki.run(words.toArray(String[]::new));
                requireUsable(TlsIdentity.pkcs12(pki.file("store.p12"), "secret"));
            }
            requireInvalid(
                    TlsIdentity.pkcs12(pki.file("store.p12"), "wrong"),
                    "store.p12",
                    "the password is wrong");
        }
    }

    @AsyncTest(seconds = 60)
    void aStoreWhoseCertificatesAreNotMarkedAsTrustedIsExplained() {
        pki.run(
                "pkcs12",
                "-export",
                "-nokeys",
                "-in",
                "ca.pem",
                "-passout",
                "pass:secret",
                "-out",
                "trust.p12");
        ClientTls tls =
                ClientTls.defaults().trust(TlsTrust.pkcs12(pki.file("trust.p12"), "secret"));
        assertThatThrownBy(() -> Tcp.connect("localhost", 1, TcpOptions.defaults().tls(tls)))
                .isInstanceOf(InvalidKeyMaterialException.class)
                .hasMessageContainingAll("trust.p12", "TlsTrust.pem");
    }
}
