package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.http.Http2ClientTest.H2C;
import static dev.weft.http.Http2ClientTest.TLS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Barrier;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Bodies over HTTP/2, and windows. */
class Http2FlowTest {
    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i * 31 + (i >> 8));
        }
        return bytes;
    }

    @AsyncTest
    void largeBodiesComeOverTls() {
        byte[] large = bytes(5_000_000);
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().tls(),
                                r -> {
                                    r.head(200, false);
                                    r.data(large, true);
                                });
                HttpClient http = HttpClient.open(TLS.maxBodyBytes(10_000_000))) {
            List<Task<byte[]>> calls = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                calls.add(async(() -> http.get(server.url("/")).bytes()));
            }
            for (byte[] body : Async.gather(calls)) {
                assertThat(body).isEqualTo(large);
            }
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void aBodyOfAnyKindGoesThroughTinyWindows() {
        byte[] large = bytes(100_000);
        Http2Settings tiny =
                Http2Settings.defaultSettings().maxConcurrentStreams(100).initialWindowSize(1_000);
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().settings(tiny),
                                r -> r.answer("" + r.received + " " + r.header("content-length")));
                HttpClient http = HttpClient.open(H2C)) {
            String url = server.url("/");
            // The windows are known then: see docs/known-issues.md.
            assertThat(http.post(url, HttpBody.none()).text()).isEqualTo("0 0");
            assertThat(http.post(url, HttpBody.of(large)).text()).isEqualTo("100000 100000");
            HttpBody unknown =
                    HttpBody.stream(sink -> {
                        for (int at = 0; at < 100_000; at += 10_000) {
                            sink.write(large, at, 10_000);
                        }
                    });
            assertThat(http.post(url, unknown).text()).isEqualTo("100000 null");
            HttpBody known = HttpBody.stream(100_000, sink -> sink.write(large));
            assertThat(http.post(url, known).text()).isEqualTo("100000 100000");
            assertThat(http.post(url, HttpBody.none()).text()).isEqualTo("0 0");
            assertThat(http.post(url, HttpBody.stream(sink -> {})).text()).isEqualTo("0 null");
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void aWriterWaitsForTheWindow() {
        try (Http2Server server =
                        Http2Server.of(
                                Http2Server.Options.defaults().whenHeadHasCome().withoutWindows(),
                                r -> {});
                HttpClient http = HttpClient.open(H2C)) {
            int[] written = new int[1];
            HttpBody endless =
                    HttpBody.stream(sink -> {
                        while (true) {
                            sink.write(new byte[1_000]);
                            written[0] += 1_000;
                        }
                    });
            Task<HttpResponse> call = async(() -> http.post(server.url("/"), endless));
            server.await(() -> server.received.get() == 65_535);
            // What the server takes, and what may wait here.
            assertThat(written[0]).isLessThanOrEqualTo(65_535 + Exchange.HIGH + 1_000);
            call.cancel();
            server.await(() -> server.resets.get() == 1);
            assertThat(http.activeCalls()).isZero();
        }
    }

    @AsyncTest
    void aResponseThatNobodyReadsIsBounded() {
        byte[] large = bytes(3_000_000);
        try (Http2Server server =
                        Http2Server.of(r -> {
                            r.head(200, false);
                            if (r.path().equals("/large")) {
                                for (int at = 0; at < large.length; at += 10_000) {
                                    r.data(
                                            Arrays.copyOfRange(large, at, at + 10_000),
                                            at + 10_000 == large.length);
                                }
                            } else {
                                r.data(new byte[5], true);
                            }
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.get(server.url("/large"));
            long window = Http2Handler.STREAM_WINDOW;
            server.await(() -> server.sent.get() >= window - 10_000);
            // Another comes by, and all that could have come has come before it.
            assertThat(http.get(server.url("/small")).bytes()).hasSize(5);
            assertThat(server.sent.get()).isLessThanOrEqualTo(window + 5);
            assertThat(response.bytes()).isEqualTo(large);
        }
    }

    /** However little each has taken: together it is more than the connection's window. */
    @AsyncTest(seconds = 60)
    void whatManyTasksHaveTakenIsGivenBack() {
        int each = 240_000;
        int calls = Http2Handler.CONNECTION_WINDOW / each + 20;
        HttpOptions options = BadServers.OPTIONS.versions(HttpVersion.HTTP_2);
        try (RudeServer server = RudeServer.of(RudeHttp2.of(http -> sendParts(http, calls, each)));
                HttpClient http = HttpClient.open(options)) {
            Barrier allHaveRead = Barrier.create(calls);
            List<Task<Void>> tasks = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                tasks.add(
                        async(() -> {
                            try (HttpResponse response = http.get(server.url())) {
                                for (int read = 0; read < each; ) {
                                    read += response.read().length;
                                }
                                allHaveRead.await();
                            }
                        }));
            }
            Async.gather(tasks);
        }
    }

    /**
     * Of a body that never ends, to each of so many calls, as far as the connection's window
     * allows.
     */
    private static void sendParts(RudeHttp2 http, int calls, int bytes) {
        List<Integer> streams = new ArrayList<>();
        long window = 65_535;
        while (streams.size() < calls) {
            RudeHttp2.Frame frame = http.read();
            window += granted(frame);
            if (frame.type() == RudeHttp2.HEADERS) {
                streams.add(frame.stream());
            } else if (frame.type() == RudeHttp2.SETTINGS && frame.flags() == 0) {
                http.send(RudeHttp2.SETTINGS, RudeHttp2.ACK, 0);
            }
        }
        for (int stream : streams) {
            http.send(RudeHttp2.HEADERS, RudeHttp2.END_HEADERS, stream, RudeHttp2.STATUS_200);
            for (int sent = 0; sent < bytes; sent += 16_000) {
                while (window < 16_000) {
                    window += granted(http.read());
                }
                http.send(RudeHttp2.DATA, 0, stream, new byte[16_000]);
                window -= 16_000;
            }
        }
        http.peer.stay();
    }

    /** The connection's window grows by this. */
    private static int granted(RudeHttp2.Frame frame) {
        boolean grants = frame.type() == RudeHttp2.WINDOW_UPDATE && frame.stream() == 0;
        return grants ? ByteBuffer.wrap(frame.payload()).getInt() : 0;
    }

    @AsyncTest(seconds = 60)
    void framesAreReadWhereverTheyAreCut() {
        byte[] body = bytes(40_000);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int at = 0; at < body.length; at += 4_000) {
            byte[] part = Arrays.copyOfRange(body, at, at + 4_000);
            int last = at + 4_000 == body.length ? RudeHttp2.END_STREAM : 0;
            // Between them what is no part of it, one of them empty.
            all.writeBytes(RudeHttp2.frame(0x55, 0, 0));
            all.writeBytes(RudeHttp2.frame(RudeHttp2.DATA, last, 3, part));
            all.writeBytes(RudeHttp2.frame(RudeHttp2.WINDOW_UPDATE, 0, 0, RudeHttp2.int32(1)));
        }
        byte[] frames = all.toByteArray();
        for (int piece : List.of(1, 8, 9, 10, 13, 1_000, 3_999, 4_009, 9_000, frames.length)) {
            RudeServer.Script script =
                    RudeHttp2.after((http, stream) -> {
                        assertThat(stream).isEqualTo(3);
                        http.send(RudeHttp2.HEADERS, 4, stream, RudeHttp2.STATUS_200);
                        for (int at = 0; at < frames.length; at += piece) {
                            http.peer.send(
                                    Arrays.copyOfRange(
                                            frames, at, Math.min(at + piece, frames.length)));
                            Async.yieldNow();
                        }
                    });
            BadServers.use(
                    BadServers.OPTIONS.versions(HttpVersion.HTTP_2),
                    RudeServer.of(script),
                    RudeServer.of(RudeHttp2.right("good")),
                    (http, server) ->
                            assertThat(http.get(server.url()).bytes())
                                    .as("pieces of " + piece)
                                    .isEqualTo(body));
        }
    }

    @AsyncTest
    void manyResponsesThatNobodyReadsDoNotHoldUpAnother() {
        try (Http2Server server =
                        Http2Server.of(r -> {
                            r.head(200, false);
                            r.data(bytes(r.path().equals("/last") ? 1_000_000 : 500_000), true);
                        });
                HttpClient http = HttpClient.open(H2C)) {
            List<HttpResponse> unread = new ArrayList<>();
            for (int i = 0; i < 99; i++) {
                unread.add(http.get(server.url("/" + i)));
            }
            assertThat(http.get(server.url("/last")).bytes()).isEqualTo(bytes(1_000_000));
            for (HttpResponse response : unread) {
                response.close();
            }
            assertThat(http.activeCalls()).isZero();
            assertThat(server.connections).hasValue(1);
        }
    }

    @AsyncTest
    void singleBytesArePutTogether() {
        byte[] all = bytes(20_000);
        try (Http2Server server =
                        Http2Server.of(r -> {
                            r.head(200, false);
                            for (byte b : all) {
                                r.data(new byte[] {b}, false);
                            }
                            r.data(new byte[0], true);
                        });
                HttpClient http = HttpClient.open(H2C)) {
            HttpResponse response = http.get(server.url("/"));
            server.await(() -> server.sent.get() == all.length);
            assertThat(http.get(server.url("/")).bytes()).isEqualTo(all);
            int parts = 0;
            int count = 0;
            for (byte[] part; (part = response.read()) != null; ) {
                parts++;
                count += part.length;
            }
            assertThat(count).isEqualTo(all.length);
            assertThat(parts).isLessThan(100);
        }
    }
}
