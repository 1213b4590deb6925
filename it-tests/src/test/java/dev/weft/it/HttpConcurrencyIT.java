package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.SchedulerMode;
import dev.weft.http.HttpClient;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * What a client that suspends is for: 100 calls to a server that holds each of them until all 100
 * have arrived. asyncio's guides warn of the other kind.
 */
class HttpConcurrencyIT {
    private static final int CALLS = 100;
    private static final List<Integer> NUMBERS = IntStream.range(0, CALLS).boxed().toList();

    /** The server, and how many calls have arrived. */
    private static final class Holding implements AutoCloseable {
        final AtomicInteger arrived = new AtomicInteger();
        private final CountDownLatch all = new CountDownLatch(CALLS);
        private final HttpSite site = HttpSite.open();

        Holding() {
            site.on(
                    "/hold",
                    exchange -> {
                        arrived.incrementAndGet();
                        all.countDown();
                        try {
                            all.await(25, TimeUnit.SECONDS);
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        HttpSite.answer(exchange, 200, "text/plain", "all here");
                    });
        }

        String url() {
            return site.url("/hold");
        }

        /** Lets those go that wait for others who will not come. */
        @Override
        public void close() {
            while (all.getCount() > 0) {
                all.countDown();
            }
            site.close();
        }
    }

    /** A client of the JDK's, whose calls block the thread. */
    private static String blockingGet(java.net.http.HttpClient http, String url, Duration limit)
            throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(limit).build();
        return http.send(request, BodyHandlers.ofString()).body();
    }

    @AsyncTest(seconds = 60)
    void aHundredCallsWaitTogetherOnOneLoop() {
        try (Holding server = new Holding();
                HttpClient http = HttpClient.open()) {
            List<String> texts = Async.map(NUMBERS, CALLS, n -> http.get(server.url()).text());
            assertThat(texts).hasSize(CALLS).containsOnly("all here");
        }
    }

    @AsyncTest(seconds = 60, modes = SchedulerMode.PORTABLE)
    void aBlockingClientNeverGetsPastTheFirst() {
        AtomicInteger arrivedWithTheFirst = new AtomicInteger(-1);
        try (Holding server = new Holding();
                java.net.http.HttpClient http = java.net.http.HttpClient.newHttpClient()) {
            assertThatThrownBy(() ->
                            Async.map(
                                    NUMBERS,
                                    CALLS,
                                    n -> blocking(http, server, arrivedWithTheFirst)))
                    .hasRootCauseInstanceOf(HttpTimeoutException.class);
            assertThat(arrivedWithTheFirst).hasValue(1);
        }
    }

    /** Ends by its own limit alone: while it waits, no other task of the loop runs. */
    private static String blocking(
            java.net.http.HttpClient http, Holding server, AtomicInteger arrivedWithTheFirst)
            throws IOException, InterruptedException {
        if (arrivedWithTheFirst.get() >= 0) {
            return "too late";
        }
        try {
            return blockingGet(http, server.url(), Duration.ofSeconds(2));
        } finally {
            arrivedWithTheFirst.compareAndSet(-1, server.arrived.get());
        }
    }

    @AsyncTest(seconds = 60, modes = SchedulerMode.LOOP)
    void inLoopModeABlockingClientSuspendsItsTaskAlone() {
        try (Holding server = new Holding();
                java.net.http.HttpClient http = java.net.http.HttpClient.newHttpClient()) {
            Duration limit = Duration.ofSeconds(20);
            assertThat(Async.map(NUMBERS, CALLS, n -> blockingGet(http, server.url(), limit)))
                    .hasSize(CALLS)
                    .containsOnly("all here");
        }
    }

    @AsyncTest(seconds = 60)
    void offloadedToAHundredThreadsItDoes() {
        try (Holding server = new Holding();
                java.net.http.HttpClient http = java.net.http.HttpClient.newHttpClient();
                ExecutorService threads = Executors.newFixedThreadPool(CALLS)) {
            List<String> texts =
                    Async.map(
                            NUMBERS,
                            CALLS,
                            n ->
                                    Async.offload(
                                            threads,
                                            () ->
                                                    blockingGet(
                                                            http,
                                                            server.url(),
                                                            Duration.ofSeconds(20))));
            assertThat(texts).hasSize(CALLS).containsOnly("all here");
        }
    }
}
