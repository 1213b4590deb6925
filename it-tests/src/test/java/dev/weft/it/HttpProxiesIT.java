package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.http.HttpBody;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpResponse;
import dev.weft.net.Proxy;
import dev.weft.net.ProxyFailedException;
import dev.weft.testkit.AsyncTest;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The HTTP client through tinyproxy and microsocks, to nginx. */
class HttpProxiesIT {
    @TempDir private Path folder;

    private static void requireCarries(HttpNginx nginx, Proxy proxy) {
        for (HttpNginx.Way way : nginx.ways()) {
            try (HttpClient http = HttpClient.open(way.options().proxy(proxy))) {
                HttpResponse page = http.get(way.url("/page.txt"));
                assertThat(page.version()).isEqualTo(way.version());
                assertThat(page.text()).isEqualTo("Hello from nginx\n");
                assertThat(http.post(way.url("/upload"), HttpBody.text("12345")).text())
                        .isEqualTo("POST 5");
                assertThat(length(http.get(way.url("/large")))).isEqualTo(HttpNginx.LARGE);
            }
        }
    }

    private static long length(HttpResponse response) {
        long length = 0;
        for (byte[] part; (part = response.read()) != null; ) {
            length += part.length;
        }
        return length;
    }

    @AsyncTest(seconds = 60)
    void tinyproxyForwardsAndConnects() {
        try (HttpNginx nginx = HttpNginx.start(folder);
                LocalProxy tinyproxy = LocalProxy.tinyproxy(folder, "")) {
            requireCarries(nginx, tinyproxy.proxy());
        }
    }

    @AsyncTest(seconds = 60)
    void tinyproxyWantsTheRightPassword() {
        try (HttpNginx nginx = HttpNginx.start(folder);
                LocalProxy tinyproxy = LocalProxy.tinyproxy(folder, "BasicAuth ada secret")) {
            Proxy proxy = tinyproxy.proxy();
            requireCarries(nginx, proxy.credentials("ada", "secret"));
            HttpOptions wrong =
                    nginx.ways().getFirst().options().proxy(proxy.credentials("ada", "Secret"));
            try (HttpClient http = HttpClient.open(wrong)) {
                // The proxy's own answer where it forwards; where it is asked for a tunnel, none.
                HttpResponse refused = http.get("http://localhost:" + nginx.plain() + "/page.txt");
                assertThat(refused.status()).isIn(401, 407);
                refused.close();
                assertThatThrownBy(
                                () -> http.get("https://localhost:" + nginx.secure() + "/page.txt"))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("does not accept this user");
            }
        }
    }

    @AsyncTest(seconds = 60)
    void microsocksCarries() {
        try (HttpNginx nginx = HttpNginx.start(folder);
                LocalProxy microsocks = LocalProxy.microsocks("-u", "ada", "-P", "secret")) {
            Proxy proxy = microsocks.proxy();
            requireCarries(nginx, proxy.credentials("ada", "secret"));
            HttpOptions options = nginx.ways().getFirst().options().proxy(proxy);
            try (HttpClient http = HttpClient.open(options)) {
                assertThatThrownBy(() -> http.get("http://localhost:" + nginx.plain() + "/"))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("give Proxy.credentials");
            }
        }
    }

    @AsyncTest(seconds = 60)
    void aProxyThatCannotConnectSaysSo() {
        int nobody = Tools.freePort();
        try (LocalProxy tinyproxy = LocalProxy.tinyproxy(folder, "");
                HttpClient http =
                        HttpClient.open(HttpOptions.defaults().proxy(tinyproxy.proxy()))) {
            HttpResponse answer = http.get("http://127.0.0.1:" + nobody + "/");
            assertThat(answer.status()).isEqualTo(500);
            answer.close();
            assertThatThrownBy(() -> http.get("https://127.0.0.1:" + nobody + "/"))
                    .isInstanceOfSatisfying(
                            ProxyFailedException.class, e -> assertThat(e.code()).isEqualTo(500));
        }
    }
}
