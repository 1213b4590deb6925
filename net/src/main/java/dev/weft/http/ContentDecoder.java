package dev.weft.http;

import dev.weft.net.LimitExceededException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.compression.Brotli;
import io.netty.handler.codec.compression.Zstd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decodes a body by its {@code Content-Encoding}, for the task that reads it.
 *
 * <pre>{@code
 * while ((piece = decoder.next()) == null && !ended) {
 *     ByteBuf chunk = chunks.next();      // suspends
 *     if (chunk != null) {
 *         decoder.feed(chunk);
 *     } else {
 *         decoder.end();
 *         ended = true;
 *     }
 * }
 * }</pre>
 *
 * <p>The codings are a row, the one that was applied last at its front. A piece is asked of the
 * last in the row, which asks the one before when it has nothing left, and so on; so however much a
 * chunk inflates to, there is one piece of 64 KiB at a time between two codings, and nothing is
 * inflated ahead of the reader.
 *
 * <p>What each coding gives is counted, so that a bomb within a bomb counts too, which gives
 * nothing in the end: none may give more than the limit.
 *
 * <p>Owned by one task at a time. A failure is final, and closes it.
 */
final class ContentDecoder implements AutoCloseable {
    /** More in a row than this is nothing but an attack: each takes memory. */
    private static final int MAX_CODINGS = 5;

    private final List<String> names;
    private final Coding[] codings;

    /** How many bytes each coding has given. */
    private final long[] given;

    private final long maxInflatedBytes;

    /** How many codings, from the front of the row, have been told of the end. */
    private int told;

    private boolean ended;
    private boolean closed;

    private ContentDecoder(List<String> names, long maxInflatedBytes, ByteBufAllocator allocator) {
        this.names = names;
        this.maxInflatedBytes = maxInflatedBytes;
        codings = new Coding[names.size()];
        given = new long[names.size()];
        try {
            for (int i = 0; i < codings.length; i++) {
                codings[i] = open(names.get(i), allocator);
            }
        } catch (IOException e) {
            close();
            throw new IllegalStateException("cannot decode " + names + ": " + e.getMessage(), e);
        }
    }

    private static Coding open(String name, ByteBufAllocator allocator) throws IOException {
        return switch (name) {
            case "gzip", "x-gzip" -> new GzipCoding(allocator);
            case "deflate" -> new DeflateCoding(allocator);
            case "br" -> new BrotliCoding(allocator);
            case "zstd" -> new ZstdCoding(allocator);
            default -> throw new AssertionError(name);
        };
    }

    /**
     * What this side can decode, for {@code Accept-Encoding}, best first. The first call may load
     * native libraries from a file.
     */
    static String acceptEncoding() {
        return Offer.TEXT;
    }

    /** Made once, when it is asked for. */
    private static final class Offer {
        static final boolean BROTLI = Brotli.isAvailable();
        static final boolean ZSTD = Zstd.isAvailable();
        static final String TEXT =
                (ZSTD ? "zstd, " : "") + (BROTLI ? "br, " : "") + "gzip, deflate";
    }

    private static boolean isKnown(String name) {
        return switch (name) {
            case "gzip", "x-gzip", "deflate" -> true;
            case "br" -> Offer.BROTLI;
            case "zstd" -> Offer.ZSTD;
            default -> false;
        };
    }

    /**
     * A decoder for a body.
     *
     * @param contentEncoding the values of all {@code Content-Encoding} headers, in order
     * @param maxInflatedBytes how much each coding may give, >= 0
     * @return null if there is nothing to decode, or one coding is unknown: then the body is given
     *     as it came
     * @throws HttpProtocolException if there are too many codings
     */
    static @Nullable ContentDecoder of(
            List<String> contentEncoding, long maxInflatedBytes, ByteBufAllocator allocator) {
        List<String> names = new ArrayList<>();
        for (String value : contentEncoding) {
            for (String part : value.split(",", -1)) {
                String name = part.strip().toLowerCase(Locale.ROOT);
                if (!name.isEmpty() && !name.equals("identity")) {
                    names.add(name);
                }
            }
        }
        if (names.isEmpty() || !names.stream().allMatch(ContentDecoder::isKnown)) {
            return null;
        }
        if (names.size() > MAX_CODINGS) {
            throw new HttpProtocolException(
                    "the body is encoded "
                            + names.size()
                            + " times, of which "
                            + MAX_CODINGS
                            + " would be decoded");
        }
        return new ContentDecoder(names.reversed(), maxInflatedBytes, allocator);
    }

    /**
     * Adds a chunk as it came. Only after {@link #next} gave null.
     *
     * @param chunk is taken over, also if this fails
     */
    void feed(ByteBuf chunk) {
        if (closed || ended || !chunk.isReadable()) {
            chunk.release();
            checkOpen();
            return;
        }
        try {
            codings[0].feed(chunk);
        } catch (IOException e) {
            throw failed(0, e);
        }
    }

    /** Says that no chunk follows. What is left is still to be asked for. */
    void end() {
        checkOpen();
        ended = true;
    }

    /**
     * Decodes the next piece.
     *
     * @return at most 64 KiB, which the caller releases; null if a chunk is needed, or, after
     *     {@link #end}, that was all
     * @throws HttpProtocolException if the body is corrupt, or ends too early
     * @throws LimitExceededException if there is more than is allowed
     */
    @Nullable ByteBuf next() {
        checkOpen();
        try {
            return next(codings.length - 1);
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private @Nullable ByteBuf next(int i) {
        while (true) {
            try {
                ByteBuf piece = codings[i].next();
                if (piece != null) {
                    return counted(i, piece);
                }
                ByteBuf encoded = i == 0 ? null : next(i - 1);
                if (encoded != null) {
                    codings[i].feed(encoded);
                    continue;
                }
                if (ended && told == i) {
                    codings[i].end();
                    told++;
                }
                return null;
            } catch (IOException e) {
                throw failed(i, e);
            }
        }
    }

    private ByteBuf counted(int i, ByteBuf piece) {
        given[i] += piece.readableBytes();
        if (given[i] > maxInflatedBytes) {
            piece.release();
            throw new LimitExceededException(
                    "the body inflates from "
                            + names.get(i)
                            + " to more than the "
                            + maxInflatedBytes
                            + " bytes of HttpOptions.maxInflatedBytes",
                    (int) Math.min(maxInflatedBytes, Integer.MAX_VALUE));
        }
        return piece;
    }

    private HttpProtocolException failed(int i, IOException e) {
        close();
        return new HttpProtocolException(
                "cannot decode the body from " + names.get(i) + ": " + e.getMessage(), e);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the decoder of the body is closed");
        }
    }

    /** Frees everything, whatever is left. May be called twice. */
    @Override
    public void close() {
        closed = true;
        for (Coding coding : codings) {
            if (coding != null) {
                coding.close();
            }
        }
    }
}
