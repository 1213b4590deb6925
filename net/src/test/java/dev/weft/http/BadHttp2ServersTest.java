package dev.weft.http;

import static dev.weft.http.BadServers.get;
import static dev.weft.http.BadServers.use;
import static dev.weft.http.RudeHttp2.ACK;
import static dev.weft.http.RudeHttp2.CONTINUATION;
import static dev.weft.http.RudeHttp2.DATA;
import static dev.weft.http.RudeHttp2.END_HEADERS;
import static dev.weft.http.RudeHttp2.END_STREAM;
import static dev.weft.http.RudeHttp2.GOAWAY;
import static dev.weft.http.RudeHttp2.HEADERS;
import static dev.weft.http.RudeHttp2.PING;
import static dev.weft.http.RudeHttp2.PRIORITY;
import static dev.weft.http.RudeHttp2.PUSH_PROMISE;
import static dev.weft.http.RudeHttp2.REFUSED_STREAM;
import static dev.weft.http.RudeHttp2.RST_STREAM;
import static dev.weft.http.RudeHttp2.SETTINGS;
import static dev.weft.http.RudeHttp2.STATUS_200;
import static dev.weft.http.RudeHttp2.WINDOW_UPDATE;
import static dev.weft.http.RudeHttp2.block;
import static dev.weft.http.RudeHttp2.frame;
import static dev.weft.http.RudeHttp2.int32;
import static dev.weft.http.RudeHttp2.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weft.net.BrokenConnectionException;
import dev.weft.testkit.AsyncTest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Servers that break HTTP/2: each call ends in the right error, and nothing is left. */
class BadHttp2ServersTest {
    /** The good server speaks HTTP/1.1 alone, so this one is asked by prior knowledge. */
    private static final HttpOptions OPTIONS = BadServers.OPTIONS.versions(HttpVersion.HTTP_2);

    private static final byte[] NONE = {};

    /** A call to such a server must fail so; the message tells the test what was wrong. */
    private static <E extends Throwable> E fails(Class<E> type, RudeServer.Script... scripts) {
        return fails(type, OPTIONS.timeout(), scripts);
    }

    private static <E extends Throwable> E fails(
            Class<E> type, Duration limit, RudeServer.Script... scripts) {
        Throwable[] failure = new Throwable[1];
        use(
                OPTIONS,
                RudeServer.of(scripts),
                RudeServer.of(RudeHttp2.right("good")),
                (client, server) -> {
                    HttpRequest request = HttpRequest.get(server.url()).timeout(limit);
                    failure[0] = catchThrowable(() -> whole(client, request));
                });
        assertThat(failure[0]).isInstanceOf(type);
        return type.cast(failure[0]);
    }

    private static byte[] whole(HttpClient client, HttpRequest request) {
        try (HttpResponse response = client.send(request)) {
            return response.bytes();
        }
    }

    /** A frame of stream 1, moved to that of the request; others stay. Netty begins with 3. */
    private static byte[] onStream(int stream, byte[] frame) {
        ByteBuffer bytes = ByteBuffer.wrap(frame.clone());
        int at = 5;
        return bytes.getInt(at) == 1 ? bytes.putInt(at, stream).array() : frame;
    }

    /** Frames that are wrong after a request, or anyhow. */
    private static void isBroken(String what, byte[]... frames) {
        HttpProtocolException e =
                fails(
                        HttpProtocolException.class,
                        Duration.ofSeconds(5),
                        RudeHttp2.after((http, stream) -> {
                            for (byte[] frame : frames) {
                                http.peer.send(onStream(stream, frame));
                            }
                        }));
        assertThat(e).as(what).hasMessageContaining("localhost");
    }

    // ---- the end of a connection

    @AsyncTest
    void aStormOfGoAwayEndsAfterSomeAttempts() {
        int[] asked = new int[1];
        Throwable e =
                fails(
                        RuntimeException.class,
                        RudeHttp2.after((http, stream) -> {
                            asked[0]++;
                            http.send(GOAWAY, 0, 0, int32(0, 0));
                        }));
        assertThat(e).isInstanceOfAny(BrokenConnectionException.class, HttpProtocolException.class);
        assertThat(asked[0]).isBetween(2, 30);
    }

    @AsyncTest
    void manyOfGoAwayLetTheCallEnd() {
        use(
                OPTIONS,
                RudeServer.of(
                        RudeHttp2.after((http, stream) -> {
                            for (int i = 0; i < 1_000; i++) {
                                http.send(GOAWAY, 0, 0, int32(stream, 0));
                            }
                            http.answer(stream, "hello");
                        }),
                        RudeHttp2.right("right")),
                RudeServer.of(RudeHttp2.right("good")),
                (client, server) -> {
                    assertThat(get(client, server.url())).isEqualTo("hello");
                    assertThat(get(client, server.url())).isEqualTo("right");
                    assertThat(server.connections()).isEqualTo(2);
                });
    }

    @AsyncTest
    void refusingEachStreamEndsAfterSomeAttempts() {
        int[] asked = new int[1];
        Throwable e =
                fails(
                        RuntimeException.class,
                        RudeHttp2.of(http -> {
                            for (int stream; (stream = http.request()) != 0; ) {
                                asked[0]++;
                                http.send(RST_STREAM, 0, stream, int32(REFUSED_STREAM));
                            }
                        }));
        assertThat(e).isInstanceOfAny(BrokenConnectionException.class, HttpProtocolException.class);
        assertThat(asked[0]).isBetween(2, 30);
    }

    @AsyncTest
    void aConnectionThatEndsAtAnyByteIsBroken() {
        byte[] head = frame(HEADERS, END_HEADERS, 1, STATUS_200);
        byte[] body = frame(DATA, END_STREAM, 1, RudeServer.latin1("hello"));
        for (int at = 0; at < head.length + body.length; at++) {
            int bytes = at;
            fails(
                    BrokenConnectionException.class,
                    RudeHttp2.of(http -> {
                        int stream = http.request();
                        http.peer.send(
                                Arrays.copyOf(
                                        onStream(stream, head), Math.min(bytes, head.length)));
                        if (bytes > head.length) {
                            http.peer.send(
                                    Arrays.copyOf(onStream(stream, body), bytes - head.length));
                        }
                    }));
        }
    }

    @AsyncTest
    void aStreamThatIsResetFailsAlone() {
        use(
                OPTIONS,
                RudeServer.of(
                        RudeHttp2.of(http -> {
                            int first = http.request();
                            http.send(HEADERS, END_HEADERS, first, STATUS_200);
                            http.send(RST_STREAM, 0, first, int32(2));
                            http.answer(http.request(), "right");
                            http.peer.stay();
                        })),
                RudeServer.of(RudeHttp2.right("good")),
                (client, server) -> {
                    assertThatThrownBy(() -> get(client, server.url()))
                            .isInstanceOf(BrokenConnectionException.class)
                            .hasMessageContaining("INTERNAL_ERROR");
                    assertThat(get(client, server.url())).isEqualTo("right");
                    assertThat(server.connections()).isEqualTo(1);
                });
    }

    @AsyncTest
    void anAnswerInHttp1IsNoHttp2() {
        fails(
                HttpProtocolException.class,
                peer -> {
                    peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                    peer.stay();
                });
    }

    // ---- floods

    /** Not by the time limit of a call: what nobody asked for ends the connection. */
    @AsyncTest(seconds = 60)
    void floodsEndInFiniteTime() {
        Map<String, byte[]> floods = new LinkedHashMap<>();
        floods.put("settings", frame(SETTINGS, 0, 0));
        floods.put("settings with values", frame(SETTINGS, 0, 0, settings(4, 70_000)));
        floods.put("pings", frame(PING, 0, 0, new byte[8]));
        floods.put("answers to pings", frame(PING, ACK, 0, new byte[8]));
        floods.put("priorities", frame(PRIORITY, 0, 1, new byte[5]));
        floods.put("windows", frame(WINDOW_UPDATE, 0, 0, int32(1)));
        floods.put("unknown frames", frame(0x55, 0, 0, new byte[100]));
        floods.forEach((name, part) -> {
            Flood flood = new Flood(part);
            HttpProtocolException e = fails(HttpProtocolException.class, flood);
            System.out.println(name + ": after " + flood.parts + ": " + e.getMessage());
            assertThat(flood.parts).as(name).isBetween(1L, 1_000_000L);
        });
    }

    /** Of what comes on a stream that has ended Netty tells nobody. */
    @AsyncTest(seconds = 60)
    void floodsOnStreamsThatHaveEndedEndInFiniteTime() {
        Map<String, byte[]> floods = new LinkedHashMap<>();
        floods.put("resets", frame(RST_STREAM, 0, 1, int32(8)));
        floods.put("windows", frame(WINDOW_UPDATE, 0, 1, int32(1)));
        floods.forEach((name, part) -> {
            Flood flood = new Flood(part);
            use(
                    OPTIONS,
                    RudeServer.of(
                            RudeHttp2.after((http, stream) -> {
                                http.answer(stream, "right");
                                flood.pour(http, stream);
                            })),
                    RudeServer.of(RudeHttp2.right("good")),
                    (client, server) -> {
                        assertThat(get(client, server.url())).isEqualTo("right");
                        BadServers.awaitTrue("the flood ends", () -> flood.ended);
                    });
            System.out.println(name + ": after " + flood.parts);
            assertThat(flood.parts).as(name).isBetween(1L, 1_000_000L);
        });
    }

    /** The same part again and again, until the connection breaks. */
    private static final class Flood implements RudeServer.Script {
        private final byte[] part;
        private long parts;
        private boolean ended;

        Flood(byte[] part) {
            this.part = part;
        }

        @Override
        public void run(RudeServer.Peer peer) throws Exception {
            RudeHttp2.after(this::pour).run(peer);
        }

        void pour(RudeHttp2 http, int stream) {
            byte[] many = times(100, onStream(stream, part));
            try {
                while (true) {
                    http.peer.stream.write(many);
                    parts += 100;
                }
            } finally {
                ended = true;
            }
        }
    }

    private static byte[] times(int times, byte[] part) {
        ByteBuffer all = ByteBuffer.allocate(times * part.length);
        for (int i = 0; i < times; i++) {
            all.put(part);
        }
        return all.array();
    }

    @AsyncTest
    void aFloodOfEmptyDataEndsInFiniteTime() {
        HttpProtocolException e =
                fails(
                        HttpProtocolException.class,
                        RudeHttp2.after((http, stream) -> {
                            http.send(HEADERS, END_HEADERS, stream, STATUS_200);
                            new Flood(frame(DATA, 0, 1)).pour(http, stream);
                        }));
        assertThat(e).hasMessageContaining("empty");
    }

    @AsyncTest
    void anEndlessHeadEndsAtTheLimit() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            byte[] field = block("x" + i, "y".repeat(100));
            all.append(new String(field, StandardCharsets.ISO_8859_1));
        }
        byte[] part = RudeServer.latin1(all.toString());
        Throwable e =
                fails(
                        HttpProtocolException.class,
                        RudeHttp2.after((http, stream) -> {
                            http.send(HEADERS, 0, stream, STATUS_200);
                            while (true) {
                                http.send(CONTINUATION, 0, stream, part);
                            }
                        }));
        assertThat(e).hasMessageContaining("localhost");
    }

    @AsyncTest
    void endlessEmptyContinuationsEnd() {
        HttpProtocolException e =
                fails(
                        HttpProtocolException.class,
                        RudeHttp2.after((http, stream) -> {
                            http.send(HEADERS, 0, stream, STATUS_200);
                            new Flood(frame(CONTINUATION, 0, 1)).pour(http, stream);
                        }));
        assertThat(e).hasMessageContaining("continuation");
    }

    // ---- frames that are wrong

    @AsyncTest
    void dataBeyondTheWindowIsRefused() {
        use(
                OPTIONS,
                RudeServer.of(
                        RudeHttp2.after((http, stream) -> {
                            http.send(HEADERS, END_HEADERS, stream, STATUS_200);
                            byte[] data = frame(DATA, 0, stream, new byte[16 << 10]);
                            while (true) {
                                http.peer.stream.write(data);
                            }
                        })),
                RudeServer.of(RudeHttp2.right("good")),
                (client, server) -> {
                    try (HttpResponse response = client.get(server.url())) {
                        // Nothing is read until it has gone too far.
                        BadServers.awaitTrue("broken", () -> client.activeCalls() == 0);
                        assertThatThrownBy(response::bytes)
                                .isInstanceOf(HttpProtocolException.class);
                    }
                });
    }

    @AsyncTest
    void framesOutOfPlaceAreRefused() {
        byte[] head = frame(HEADERS, END_HEADERS, 1, STATUS_200);
        isBroken("data first", frame(DATA, END_STREAM, 1, new byte[2]));
        isBroken("data of no stream", frame(DATA, 0, 0, new byte[2]));
        isBroken("headers of no stream", frame(HEADERS, END_HEADERS, 0, STATUS_200));
        isBroken("headers of an idle stream", frame(HEADERS, END_HEADERS, 99, STATUS_200));
        isBroken("headers of a server's stream", frame(HEADERS, END_HEADERS, 2, STATUS_200));
        isBroken("data of an idle stream", frame(DATA, 0, 99, new byte[2]));
        isBroken("reset of an idle stream", frame(RST_STREAM, 0, 99, int32(0)));
        isBroken("continuation alone", frame(CONTINUATION, END_HEADERS, 1, STATUS_200));
        isBroken(
                "a ping amid headers",
                frame(HEADERS, 0, 1, STATUS_200),
                frame(PING, 0, 0, new byte[8]));
        isBroken("a promise", frame(PUSH_PROMISE, END_HEADERS, 1, int32(2)));
        isBroken("a third head", head, head, head);
    }

    @AsyncTest
    void framesOfWrongSizesAreRefused() {
        isBroken("a frame above 16 KiB", frame(DATA, 0, 1, new byte[(16 << 10) + 1]));
        isBroken("a ping of 7", frame(PING, 0, 0, new byte[7]));
        isBroken("a reset of 3", frame(RST_STREAM, 0, 1, new byte[3]));
        isBroken("settings of 5", frame(SETTINGS, 0, 0, new byte[5]));
        isBroken("an acknowledgement with settings", frame(SETTINGS, ACK, 0, settings(1, 1)));
        isBroken("settings of a stream", frame(SETTINGS, 0, 1, NONE));
        isBroken("a window of 3", frame(WINDOW_UPDATE, 0, 0, new byte[3]));
        isBroken("goaway of 4", frame(GOAWAY, 0, 0, new byte[4]));
        isBroken("goaway of a stream", frame(GOAWAY, 0, 1, new byte[8]));
        isBroken("padding beyond the end", frame(DATA, 8, 1, (byte) 9, (byte) 0));
    }

    @AsyncTest
    void valuesThatAreWrongAreRefused() {
        isBroken(
                "a connection's window that overflows",
                frame(WINDOW_UPDATE, 0, 0, int32(Integer.MAX_VALUE)));
        isBroken("a window of 0", frame(WINDOW_UPDATE, 0, 0, int32(0)));
        isBroken("a push setting of 2", frame(SETTINGS, 0, 0, settings(2, 2)));
        isBroken("a window setting", frame(SETTINGS, 0, 0, settings(4, -1)));
        isBroken("a frame setting", frame(SETTINGS, 0, 0, settings(5, 100)));
        isBroken("hpack's index 0", frame(HEADERS, END_HEADERS, 1, (byte) 0x80));
        isBroken("hpack's index 100", frame(HEADERS, END_HEADERS, 1, (byte) 0xe4));
        isBroken("hpack cut", frame(HEADERS, END_HEADERS, 1, (byte) 0x88, (byte) 0, (byte) 5));
    }

    @AsyncTest
    void theWindowOfARequestThatOverflowsIsRefused() {
        use(
                OPTIONS,
                RudeServer.of(
                        RudeHttp2.after((http, stream) -> {
                            http.send(WINDOW_UPDATE, 0, stream, int32(Integer.MAX_VALUE));
                            http.send(WINDOW_UPDATE, 0, stream, int32(Integer.MAX_VALUE));
                        })),
                RudeServer.of(RudeHttp2.right("good")),
                (client, server) -> {
                    HttpRequest request =
                            HttpRequest.post(server.url(), HttpBody.of(new byte[1 << 20]));
                    assertThatThrownBy(() -> whole(client, request))
                            .isInstanceOf(HttpProtocolException.class);
                });
    }

    @AsyncTest
    void headsThatAreWrongAreRefused() {
        for (List<String> fields :
                List.of(
                        List.of("x", "y"),
                        List.of(":status", "abc"),
                        List.of(":status", ""),
                        List.of(":status", "99"),
                        List.of(":status", "101"),
                        List.of(":status", "200", ":status", "200"),
                        List.of("x", "y", ":status", "200"),
                        List.of(":status", "200", ":path", "/"),
                        List.of(":status", "200", ":x", "y"),
                        List.of(":status", "200", "Upper", "case"),
                        List.of(":status", "200", "a b", "c"),
                        List.of(":status", "200", "", "empty"),
                        List.of(":status", "200", "x", "a\r\nb"),
                        List.of(":status", "200", "x", "a\0b"),
                        List.of(":status", "200", "connection", "close"),
                        List.of(":status", "200", "transfer-encoding", "chunked"))) {
            byte[] block = block(fields.toArray(String[]::new));
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            RudeHttp2.after((http, stream) -> {
                                http.send(HEADERS, END_HEADERS, stream, block);
                                http.send(DATA, END_STREAM, stream, RudeServer.latin1("no"));
                            }));
            assertThat(e).as("" + fields).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void aLengthThatDoesNotMatchIsRefused() {
        for (String length : List.of("4", "6", "-1", "x", "99999999999999999999")) {
            HttpProtocolException e =
                    fails(
                            HttpProtocolException.class,
                            RudeHttp2.after((http, stream) -> {
                                http.send(
                                        HEADERS,
                                        END_HEADERS,
                                        stream,
                                        block(":status", "200", "content-length", length));
                                http.send(DATA, END_STREAM, stream, RudeServer.latin1("hello"));
                            }));
            assertThat(e).as(length).hasMessageContaining("localhost");
        }
    }

    @AsyncTest
    void aFloodOf1xxIsRefused() {
        fails(
                HttpProtocolException.class,
                RudeHttp2.after((http, stream) -> {
                    byte[] hints = frame(HEADERS, END_HEADERS, stream, block(":status", "103"));
                    while (true) {
                        http.peer.stream.write(hints);
                    }
                }));
    }
}
