package dev.weft.http;

import com.aayushatharva.brotli4j.Brotli4jLoader;
import com.aayushatharva.brotli4j.encoder.BrotliOutputStream;
import com.aayushatharva.brotli4j.encoder.Encoder;
import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

/** The codings, as a server makes them. */
enum Codec {
    GZIP("gzip"),
    ZLIB("deflate"),
    RAW("deflate"),
    BROTLI("br"),
    ZSTD("zstd");

    /** What one unit of a bomb inflates to. */
    static final int UNIT_BYTES = 16 << 20;

    static {
        Brotli4jLoader.ensureAvailability();
    }

    /** As in {@code Content-Encoding}. */
    final String coding;

    Codec(String coding) {
        this.coding = coding;
    }

    private OutputStream over(OutputStream out) throws IOException {
        return switch (this) {
            case GZIP -> new GZIPOutputStream(out, 512, true);
            case ZLIB -> new DeflaterOutputStream(out, new Deflater(9), 512, true);
            case RAW -> new DeflaterOutputStream(out, new Deflater(9, true), 512, true);
            case BROTLI -> new BrotliOutputStream(out, new Encoder.Parameters().setQuality(5));
            case ZSTD -> new ZstdOutputStreamNoFinalizer(out).setChecksum(true);
        };
    }

    byte[] encode(byte[] plain) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream coded = over(out)) {
            coded.write(plain);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** Whether what is wrong in the middle is always found. */
    boolean hasChecksum() {
        return this == GZIP || this == ZLIB || this == ZSTD;
    }

    /**
     * A stream that inflates to zeros, {@link #UNIT_BYTES} for each unit, and then does not end.
     * Made of the same few bytes over and over: a unit ends at a byte's boundary, and behind it
     * stand nothing but zeros, as behind the one before.
     */
    byte[] bomb(int units) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] zeros = new byte[UNIT_BYTES];
        try (OutputStream coded = over(out)) {
            int first = unit(coded, zeros, out);
            int second = unit(coded, zeros, out);
            int third = unit(coded, zeros, out);
            byte[] bytes = out.toByteArray();
            byte[] unit = Arrays.copyOfRange(bytes, second, third);
            byte[] bomb = Arrays.copyOf(bytes, first + (units - 1) * unit.length);
            for (int i = 1; i < units; i++) {
                System.arraycopy(unit, 0, bomb, first + (i - 1) * unit.length, unit.length);
            }
            return bomb;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int unit(OutputStream coded, byte[] zeros, ByteArrayOutputStream out)
            throws IOException {
        coded.write(zeros);
        coded.flush();
        return out.size();
    }
}
