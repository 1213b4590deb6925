package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.Async;
import dev.weft.net.Certs;
import dev.weft.net.ClientTls;
import dev.weft.testkit.BufferLeaks;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * Calls to servers without manners. After each, its client is asked for something right, and must
 * hold nothing: no call, no connection in the end, no buffer.
 */
final class BadServers {
    /** None of these is to be waited for, but where a test makes one short. */
    static final HttpOptions OPTIONS =
            HttpOptions.defaults()
                    .tls(ClientTls.defaults().trust(Certs.TRUST))
                    .connectTimeout(Duration.ofSeconds(10))
                    .responseTimeout(Duration.ofSeconds(10))
                    .readIdleTimeout(Duration.ofSeconds(10))
                    .timeout(Duration.ofSeconds(20))
                    .maxHeaderBytes(16 << 10)
                    .maxInflatedBytes(16 << 20);

    /** What to do with the client and the bad server. */
    interface Use {
        void run(HttpClient client, RudeServer server) throws Exception;
    }

    private static boolean warm;

    private BadServers() {}

    /** Asks for the whole body. */
    static String get(HttpClient client, String url) {
        try (HttpResponse response = client.get(url)) {
            return new String(response.bytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /** A call that must fail so. */
    static <E extends Throwable> E fails(
            Class<E> type, HttpOptions options, RudeServer.Script... scripts) {
        Throwable[] failure = new Throwable[1];
        use(
                options,
                RudeServer.of(scripts),
                (client, server) -> failure[0] = catchThrowable(() -> get(client, server.url())));
        assertThat(failure[0]).isInstanceOf(type);
        return type.cast(failure[0]);
    }

    static <E extends Throwable> E fails(Class<E> type, RudeServer.Script... scripts) {
        return fails(type, OPTIONS, scripts);
    }

    /** A response to the first request that must fail so; the connection stays open. */
    static <E extends Throwable> E fails(Class<E> type, String response) {
        try {
            return fails(
                    type,
                    peer -> {
                        peer.request();
                        peer.send(response);
                        peer.stay();
                    });
        } catch (AssertionError e) {
            throw new AssertionError("answered by " + response, e);
        }
    }

    /** A response that must be taken, odd as it is, and may end with the connection. */
    static String answers(String response) {
        String[] body = new String[1];
        use(
                OPTIONS,
                RudeServer.of(peer -> {
                    peer.request();
                    peer.send(response);
                }),
                (client, server) -> body[0] = get(client, server.url()));
        return body[0];
    }

    /** Uses a client with a server, which this closes, and looks whether all is well then. */
    static void use(HttpOptions options, RudeServer bad, Use use) {
        use(options, bad, RudeServer.answering(RudeServer.ok("good")), use);
    }

    /** As the other, with a server that answers "good". */
    @SuppressWarnings("try") // closed in the middle, on purpose
    static void use(HttpOptions options, RudeServer bad, RudeServer good, Use use) {
        int before;
        warmUp();
        try (bad;
                good;
                HttpClient client = HttpClient.open(options)) {
            assertThat(get(client, good.url())).isEqualTo("good"); // what is made once is made
            before = BufferLeaks.unreleased();
            use.run(client, bad);
            awaitTrue("no call", () -> client.activeCalls() == 0);
            assertThat(get(client, good.url())).isEqualTo("good");
            assertThat(client.activeCalls()).isZero();
            assertThat(good.connections()).as("connections to the good server").isEqualTo(1);
            bad.close();
            awaitTrue("one connection", () -> client.connections() == 1);
            client.close();
            assertThat(client.connections()).isZero();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        awaitTrue("no buffers", () -> BufferLeaks.unreleased() <= before);
    }

    /** Classes are loaded without a limit of a test's own. */
    private static void warmUp() {
        if (!warm) {
            try (RudeServer good = RudeServer.answering(RudeServer.ok("good"));
                    HttpClient client = HttpClient.open(OPTIONS)) {
                get(client, good.url());
            }
            warm = true;
        }
    }

    /** Turns of the loop, until something is so; the test's own limit ends what never is. */
    static void awaitTrue(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            Async.yieldNow();
        }
    }
}
