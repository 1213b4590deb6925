package dev.weft.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The server answers in the version that a client means to speak, and refuses another. */
class NettyHttpTest {
    private static Certificate certificate;
    private static HttpServerProcess server;

    @BeforeAll
    static void start() throws Exception {
        certificate = Certificate.make();
        server = HttpServerProcess.start(certificate);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        certificate.close();
    }

    private static HttpResponse<byte[]> get(HttpClient.Version version, String url)
            throws Exception {
        try (HttpClient client =
                HttpClient.newBuilder()
                        .version(version)
                        .sslContext(Certificate.tls(Certificate.trusting(certificate.chain())))
                        .build()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create(url)).build(),
                    HttpResponse.BodyHandlers.ofByteArray());
        }
    }

    @Test
    void answersOnEachPortWithAsManyBytesAsAreAskedFor() throws Exception {
        for (HttpLoad load : HttpLoad.few()) {
            HttpClient.Version version =
                    load.http2() ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
            String url = new HttpPeer.Target(load, server.port(load), certificate.chain()).url();

            HttpResponse<byte[]> response = get(version, url);

            assertThat(response.statusCode()).as(url).isEqualTo(200);
            assertThat(response.version()).as(url).isEqualTo(version);
            assertThat(response.body()).as(url).hasSize(load.bytes());
        }
    }

    @Test
    void aVersionThatIsNotTheOneMeantIsRefused() throws Exception {
        String plain = "http://127.0.0.1:" + server.http1Port();
        String secure = "https://127.0.0.1:" + server.tlsPort();

        assertThat(get(HttpClient.Version.HTTP_1_1, plain + "/2/100").statusCode()).isEqualTo(505);
        assertThat(get(HttpClient.Version.HTTP_1_1, secure + "/2/100").statusCode()).isEqualTo(505);
        assertThat(get(HttpClient.Version.HTTP_2, secure + "/1.1/100").statusCode()).isEqualTo(505);
    }

    @Test
    void aCallThatFailsFailsItsSlot() {
        Calls calls = new Calls(new HttpLoad(1, 100, false, false));
        HttpPeer wrong =
                new HttpPeer() {
                    @Override
                    public void start(List<Calls.Caller> callers) {
                        callers.forEach(caller -> assertThat(caller.received(505, 0)).isFalse());
                    }

                    @Override
                    public void close() {}
                };

        assertThatThrownBy(() -> calls.run(wrong, 1))
                .hasMessageContaining("expected status 200 and 100 bytes, got 505 and 0");
    }
}
