package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.Async;
import dev.weft.SchedulerMode;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpVersion;
import dev.weft.net.ClientTls;
import dev.weft.net.TlsException;
import dev.weft.net.TlsException.Reason;
import dev.weft.net.TlsTrust;
import dev.weft.testkit.AsyncTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** HTTPS that is not what it should be is refused, with an error that says which. */
class HttpTlsIT {
    private static final String OTHER_KEY = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    @TempDir private Path folder;

    private static TlsException refused(HttpOptions options, int port) {
        try (HttpClient http = HttpClient.open(options)) {
            TlsException e =
                    catchThrowableOfType(
                            TlsException.class,
                            () -> http.get("https://localhost:" + port + "/page.txt"));
            assertThat(e).isNotNull();
            assertThat(http.connections()).isZero();
            assertThat(http.activeCalls()).isZero();
            return e;
        }
    }

    private static void requireRefused(
            HttpOptions options, int port, Reason reason, String... parts) {
        TlsException e = refused(options, port);
        assertThat(e.reason()).as("%s", e).isEqualTo(reason);
        assertThat(e).hasMessageContainingAll(parts);
    }

    @AsyncTest(seconds = 60)
    void eachFlawHasItsError() {
        try (HttpNginx nginx = HttpNginx.start(folder)) {
            HttpOptions trusting =
                    HttpOptions.defaults().tls(ClientTls.defaults().trust(nginx.pki().trust()));
            HttpNginx.Bad bad = nginx.bad();
            for (HttpVersion version : HttpVersion.values()) {
                HttpOptions options = trusting.versions(version);
                requireRefused(
                        options,
                        bad.wrongHost(),
                        Reason.WRONG_HOST,
                        "localhost",
                        "elsewhere.example");
                requireRefused(options, bad.expired(), Reason.EXPIRED, "expired");
                requireRefused(options, bad.unknownIssuer(), Reason.UNKNOWN_ISSUER, "not trusted");
                requireRefused(
                        options,
                        bad.oldProtocol(),
                        Reason.NO_COMMON_PROTOCOL,
                        "no version of TLS in common",
                        "TLSv1.2");
                requireRefused(
                        HttpOptions.defaults().versions(version),
                        nginx.secure(),
                        Reason.UNKNOWN_ISSUER,
                        "not trusted");
                ClientTls pinned = ClientTls.defaults().trust(TlsTrust.keys(OTHER_KEY));
                requireRefused(options.tls(pinned), nginx.secure(), Reason.WRONG_KEY, "sha256/");
                requireRefused(options, nginx.plain(), Reason.NOT_TLS, "does not speak TLS");
            }
        }
    }

    // ---- the command line

    private static Program command(String... arguments) {
        List<String> words = new ArrayList<>(List.of("http", "GET"));
        words.addAll(List.of(arguments));
        return Checkout.weft(words.toArray(String[]::new));
    }

    private static String complaint(int port, String... arguments) {
        List<String> words = new ArrayList<>(List.of(arguments));
        words.add("https://localhost:" + port + "/page.txt");
        try (Program http = command(words.toArray(String[]::new))) {
            assertThat(Async.await(http.exit())).describedAs("%s", http).isEqualTo(4);
            assertThat(http.out()).isEmpty();
            assertThat(http.err()).hasSize(1);
            return http.err().getFirst();
        }
    }

    @AsyncTest(seconds = 60, modes = SchedulerMode.LOOP)
    void theCommandSaysWhichAndHowToGoOn() {
        try (HttpNginx nginx = HttpNginx.start(folder)) {
            String ca = nginx.pki().file("ca.pem").toString();
            HttpNginx.Bad bad = nginx.bad();
            assertThat(complaint(bad.wrongHost(), "--trust", ca)).contains("elsewhere.example");
            assertThat(complaint(bad.expired(), "--trust", ca)).contains("expired");
            assertThat(complaint(bad.unknownIssuer(), "--trust", ca)).contains("not trusted");
            assertThat(complaint(nginx.secure(), "--trust", OTHER_KEY)).contains("sha256/");
            assertThat(complaint(bad.oldProtocol(), "--trust", ca)).contains("TLSv1.2");
            String url = "https://localhost:" + nginx.secure() + "/page.txt";
            try (Program http = command("--trust", ca, url)) {
                assertThat(Async.await(http.exit())).describedAs("%s", http).isZero();
                assertThat(http.out()).containsExactly("Hello from nginx");
                assertThat(http.err()).isEmpty();
            }
            for (int port :
                    new int[] {
                        bad.wrongHost(), bad.expired(), bad.unknownIssuer(), nginx.secure()
                    }) {
                requireLoudlyInsecure("https://localhost:" + port + "/page.txt");
            }
        }
    }

    private static void requireLoudlyInsecure(String url) {
        String key;
        try (Program http = command("--insecure", url)) {
            assertThat(Async.await(http.exit())).describedAs("%s", http).isZero();
            assertThat(http.out()).containsExactly("Hello from nginx");
            String line = http.err().getFirst();
            assertThat(http.err()).hasSize(1);
            assertThat(line).contains("INSECURE", "going on, with the key sha256/");
            key = line.substring(line.lastIndexOf("sha256/"));
        }
        try (Program http = command("--trust", key, url)) {
            assertThat(Async.await(http.exit())).describedAs("%s", http).isZero();
            assertThat(http.err()).isEmpty();
        }
    }

    @AsyncTest(seconds = 60, modes = SchedulerMode.LOOP)
    void theCommandTellsWhatWasAgreedOn() {
        try (HttpNginx nginx = HttpNginx.start(folder)) {
            String ca = nginx.pki().file("ca.pem").toString();
            String url = "https://localhost:" + nginx.secure() + "/protocol";
            try (Program http = command("-v", "--trust", ca, url);
                    Program old = command("-v", "--http1", "--trust", ca, url);
                    Program prior =
                            command(
                                    "--http2",
                                    "http://localhost:" + nginx.plain2() + "/protocol")) {
                assertThat(Async.await(http.exit())).describedAs("%s", http).isZero();
                assertThat(http.out()).containsExactly("HTTP/2.0 GET");
                assertThat(http.err())
                        .anyMatch(l -> l.matches("\\* TLSv1\\.[23], TLS_\\w+, h2 in [0-9.]+ ms"))
                        .anyMatch(l -> l.contains("certificate of CN=localhost, issued by CN=Test"))
                        .contains("> GET /protocol HTTP/2", "< HTTP/2 200");
                assertThat(Async.await(old.exit())).describedAs("%s", old).isZero();
                assertThat(old.out()).containsExactly("HTTP/1.1 GET");
                assertThat(Async.await(prior.exit())).describedAs("%s", prior).isZero();
                assertThat(prior.out()).containsExactly("HTTP/2.0 GET");
            }
        }
    }
}
