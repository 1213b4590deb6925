package dev.weft.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How HTTP clients are loaded: so many callers, each of which makes its next call when the response
 * of the last is complete.
 *
 * @param calls how many callers there are
 * @param bytes the size of a response's body
 * @param http2 over one connection of HTTP/2, else over one of HTTP/1.1 for each caller
 * @param tls over TLS; without, HTTP/2 needs prior knowledge
 */
record HttpLoad(int calls, int bytes, boolean http2, boolean tls) {
    private static final int SMALL = 100;
    private static final int LARGE = 1 << 20;

    /** All that are worth knowing. */
    static List<HttpLoad> all() {
        List<HttpLoad> loads = new ArrayList<>();
        for (boolean http2 : List.of(false, true)) {
            for (int calls : List.of(1, 50, 1000)) {
                loads.add(new HttpLoad(calls, SMALL, http2, false));
            }
            if (!http2) {
                loads.add(new HttpLoad(1, LARGE, false, false));
            }
            loads.add(new HttpLoad(50, LARGE, http2, false));
            loads.add(new HttpLoad(50, SMALL, http2, true));
        }
        return loads;
    }

    /** Enough to see that all works. */
    static List<HttpLoad> few() {
        return List.of(
                new HttpLoad(3, SMALL, false, false),
                new HttpLoad(3, SMALL, true, false),
                new HttpLoad(2, LARGE, false, true),
                new HttpLoad(2, LARGE, true, true));
    }

    /** Reads what {@link #words} wrote. */
    static HttpLoad of(String calls, String bytes, String http2, String tls) {
        return new HttpLoad(
                Integer.parseInt(calls),
                Integer.parseInt(bytes),
                Boolean.parseBoolean(http2),
                Boolean.parseBoolean(tls));
    }

    /** For the command line of another process. */
    String words() {
        return calls + " " + bytes + " " + http2 + " " + tls;
    }

    /** What is asked for. The server refuses another version, lest it be measured unnoticed. */
    String path() {
        return (http2 ? "/2/" : "/1.1/") + bytes;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s x %,d bytes, HTTP/%s%s",
                calls == 1
                        ? "1 call at a time"
                        : String.format(Locale.ROOT, "%,d calls at a time", calls),
                bytes,
                http2 ? "2" : "1.1",
                tls ? " over TLS" : "");
    }
}
