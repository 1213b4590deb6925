package dev.weft.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.net.LimitExceededException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Undoing {@code Content-Encoding}. What is allocated is counted, and all of it freed. */
class ContentDecoderTest {
    private static final long MUCH = 1L << 40;
    private static final byte[] TEXT = text();

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);

    /** The most that was allocated at once. */
    private long peak;

    private static byte[] text() {
        StringBuilder text = new StringBuilder();
        Random random = new Random(5);
        while (text.length() < 300) {
            text.append("hello ").append(random.nextInt(50)).append(", ");
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private long used() {
        return allocator.metric().usedDirectMemory() + allocator.metric().usedHeapMemory();
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(used()).isZero();
    }

    private ContentDecoder decoder(long max, String... codings) {
        ContentDecoder decoder = ContentDecoder.of(List.of(codings), max, allocator);
        assertThat(decoder).isNotNull();
        return decoder;
    }

    private ByteBuf chunk(byte[] bytes, int from, int to) {
        return allocator.directBuffer(to - from).writeBytes(bytes, from, to - from);
    }

    /** Feeds chunks of a size, until the end or a failure. */
    private byte[] decode(ContentDecoder decoder, byte[] encoded, int chunkBytes) {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        try (decoder) {
            for (int at = 0; at < encoded.length; ) {
                int to = Math.min(encoded.length, at + chunkBytes);
                decoder.feed(chunk(encoded, at, to));
                at = to;
                drain(decoder, plain);
            }
            decoder.end();
            drain(decoder, plain);
            assertThat(decoder.next()).isNull();
        }
        return plain.toByteArray();
    }

    private void drain(ContentDecoder decoder, ByteArrayOutputStream to) {
        ByteBuf piece;
        while ((piece = decoder.next()) != null) {
            peak = Math.max(peak, used());
            assertThat(piece.readableBytes()).isBetween(1, Coding.PIECE_BYTES);
            byte[] bytes = new byte[piece.readableBytes()];
            piece.readBytes(bytes).release();
            to.writeBytes(bytes);
        }
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    // ---- what is right

    @ParameterizedTest
    @EnumSource
    void givesWhatWasEncodedHoweverItIsCut(Codec codec) {
        byte[] large = new byte[1_000_000];
        new Random(1).nextBytes(large);
        Arrays.fill(large, 200_000, 700_000, (byte) 7);
        for (byte[] plain : List.of(new byte[0], new byte[] {1}, TEXT, large)) {
            byte[] encoded = codec.encode(plain);
            for (int chunkBytes : new int[] {1, 2, 3, 1_000, 65_536, encoded.length}) {
                if (plain != large || chunkBytes >= 1_000) {
                    assertThat(decode(decoder(MUCH, codec.coding), encoded, chunkBytes))
                            .as(codec + " in chunks of " + chunkBytes)
                            .isEqualTo(plain);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsAnEmptyBody(Codec codec) {
        assertThat(decode(decoder(MUCH, codec.coding), new byte[0], 1)).isEmpty();
        assertThat(decode(decoder(MUCH, "gzip", codec.coding, "br"), new byte[0], 1)).isEmpty();
        try (ContentDecoder decoder = decoder(MUCH, codec.coding)) {
            decoder.feed(allocator.buffer(8)); // an empty chunk is no end
            assertThat(decoder.next()).isNull();
            byte[] encoded = codec.encode(TEXT);
            assertThat(decode(decoder, encoded, 100)).isEqualTo(TEXT);
        }
    }

    @Test
    void severalCodingsAreUndoneFromTheLastToTheFirst() {
        byte[] encoded = TEXT;
        for (Codec codec : Codec.values()) {
            encoded = codec.encode(encoded);
        }
        String[] rows = {"gzip, deflate,DEFLATE", " br ,, identity", "zstd"};
        for (int chunkBytes : new int[] {1, 7, 10_000}) {
            assertThat(decode(decoder(MUCH, rows), encoded, chunkBytes)).isEqualTo(TEXT);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 100_000})
    void membersOfGzipAndFramesOfZstdFollowEachOther(int chunkBytes) {
        for (Codec codec : new Codec[] {Codec.GZIP, Codec.ZSTD}) {
            byte[] one = codec.encode(TEXT);
            byte[] none = codec.encode(new byte[0]);
            byte[] all = join(one, none, one, none, none);
            assertThat(decode(decoder(MUCH, codec.coding), all, chunkBytes))
                    .isEqualTo(join(TEXT, TEXT));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 8, 16, 2, 30})
    void everyPartOfGzipsHeaderIsReadOver(int flags) {
        byte[] plain = Codec.GZIP.encode(TEXT);
        ByteArrayOutputStream encoded = new ByteArrayOutputStream();
        encoded.writeBytes(new byte[] {0x1f, (byte) 0x8b, 8, (byte) flags, 1, 2, 3, 4, 2, 3});
        if ((flags & 4) != 0) {
            encoded.writeBytes(new byte[] {3, 1}); // 259 bytes
            encoded.writeBytes(new byte[259]);
        }
        if ((flags & 8) != 0) {
            encoded.writeBytes("name\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        if ((flags & 16) != 0) {
            encoded.writeBytes("comment\0".getBytes(StandardCharsets.ISO_8859_1));
        }
        if ((flags & 2) != 0) {
            java.util.zip.CRC32 crc = new java.util.zip.CRC32();
            crc.update(encoded.toByteArray());
            encoded.write((int) crc.getValue());
            encoded.write((int) crc.getValue() >> 8);
        }
        encoded.write(plain, 10, plain.length - 10);
        for (int chunkBytes : new int[] {1, 11, 10_000}) {
            assertThat(decode(decoder(MUCH, "x-gzip"), encoded.toByteArray(), chunkBytes))
                    .isEqualTo(TEXT);
        }
        if ((flags & 2) != 0) {
            byte[] wrong = encoded.toByteArray();
            wrong[4]++; // the time, which nothing else covers
            assertThatThrownBy(() -> decode(decoder(MUCH, "x-gzip"), wrong, 1))
                    .isInstanceOf(HttpProtocolException.class)
                    .hasMessageContaining("the header's checksum");
        }
    }

    @Test
    void zlibWithASmallWindowIsNoRawStream() {
        byte[] encoded = Codec.ZLIB.encode(TEXT);
        int info = 0;
        encoded[0] = 0x48; // 4 KiB: no distance in such a text is longer
        while ((encoded[0] << 8 | info) % 31 != 0) {
            info++;
        }
        encoded[1] = (byte) info;
        assertThat(decode(decoder(MUCH, "deflate"), encoded, 1)).isEqualTo(TEXT);
    }

    @Test
    void whatIsUnknownIsNotDecoded() {
        assertThat(ContentDecoder.of(List.of(), 1, allocator)).isNull();
        assertThat(ContentDecoder.of(List.of("", "identity, Identity"), 1, allocator)).isNull();
        assertThat(ContentDecoder.of(List.of("compress"), 1, allocator)).isNull();
        assertThat(ContentDecoder.of(List.of("gzip", "aes128gcm"), 1, allocator)).isNull();
        assertThat(ContentDecoder.of(List.of("gzip;q=1"), 1, allocator)).isNull();
        assertThat(ContentDecoder.acceptEncoding()).isEqualTo("zstd, br, gzip, deflate");
    }

    @Test
    void whatHasNoLibraryIsNeitherOfferedNorDecoded() throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            if (!path.contains("brotli4j") && !path.contains("zstd-jni")) {
                urls.add(Path.of(path).toUri().toURL());
            }
        }
        ClassLoader parent = ClassLoader.getPlatformClassLoader();
        try (URLClassLoader without = new URLClassLoader(urls.toArray(URL[]::new), parent)) {
            Class<?> decoder = without.loadClass(ContentDecoder.class.getName());
            Class<?> buffers = without.loadClass(ByteBufAllocator.class.getName());
            Method offer = decoder.getDeclaredMethod("acceptEncoding");
            Method of = decoder.getDeclaredMethod("of", List.class, long.class, buffers);
            offer.setAccessible(true);
            of.setAccessible(true);
            assertThat(offer.invoke(null)).isEqualTo("gzip, deflate");
            assertThat(of.invoke(null, List.of("br"), 1L, null)).isNull();
            assertThat(of.invoke(null, List.of("zstd"), 1L, null)).isNull();
        }
    }

    @Test
    void tooManyCodingsAreRefused() {
        assertThatThrownBy(() -> decoder(1, "gzip,".repeat(6)))
                .isInstanceOf(HttpProtocolException.class)
                .hasMessageContaining("encoded 6 times, of which 5");
        decoder(1, "br,".repeat(5)).close();
    }

    // ---- what is wrong

    @ParameterizedTest
    @EnumSource
    void whatEndsTooEarlyIsFoundAtEachByte(Codec codec) {
        byte[] encoded = codec.encode(TEXT);
        for (int length = 1; length < encoded.length; length++) {
            byte[] cut = Arrays.copyOf(encoded, length);
            for (int chunkBytes : new int[] {1, length}) {
                assertThatThrownBy(() -> decode(decoder(MUCH, codec.coding), cut, chunkBytes))
                        .as(codec + " cut to " + length)
                        .isInstanceOf(HttpProtocolException.class)
                        .hasMessageStartingWith("cannot decode the body from " + codec.coding)
                        .hasMessageContaining("too early");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsCorruptIsFoundAtEachByte(Codec codec) {
        byte[] encoded = codec.encode(TEXT);
        int found = 0;
        int wrongs = 0;
        for (int i = 0; i < encoded.length; i++) {
            for (int mask : new int[] {1, 0x10, 0x80, 0xff}) {
                byte[] wrong = encoded.clone();
                wrong[i] ^= (byte) mask;
                wrongs++;
                try {
                    byte[] plain = decode(decoder(1_000_000, codec.coding), wrong, 50);
                    if (codec.hasChecksum()) { // then nothing that counts was changed
                        assertThat(plain).as(codec + " at " + i).isEqualTo(TEXT);
                    }
                } catch (HttpProtocolException | LimitExceededException e) {
                    found++;
                }
            }
        }
        System.out.printf("%s: %d of %d corrupt bodies found%n", codec, found, wrongs);
        assertThat(found).isGreaterThan(codec.hasChecksum() ? wrongs * 8 / 10 : wrongs / 4);
    }

    @ParameterizedTest
    @EnumSource
    void whatFollowsTheEndIsAnError(Codec codec) {
        byte[] encoded = codec.encode(TEXT);
        for (byte[] junk : List.of(new byte[1], "junk".getBytes(StandardCharsets.UTF_8), TEXT)) {
            for (int chunkBytes : new int[] {1, encoded.length, 10_000}) {
                byte[] more = join(encoded, junk);
                assertThatThrownBy(() -> decode(decoder(MUCH, codec.coding), more, chunkBytes))
                        .as(codec + " in chunks of " + chunkBytes)
                        .isInstanceOf(HttpProtocolException.class);
            }
        }
    }

    @Test
    void aDictionaryIsNotToBeHad() {
        byte[] encoded = {0x78, (byte) 0xbb, 1, 2, 3, 4, 5, 6};
        assertThatThrownBy(() -> decode(decoder(MUCH, "deflate"), encoded, 8))
                .isInstanceOf(HttpProtocolException.class)
                .hasMessageContaining("dictionary");
    }

    @Test
    void aWindowOfZstdAboveEightMebibytesIsRefused() {
        byte[] frame = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) (14 << 3), 1, 0, 0};
        assertThatThrownBy(() -> decode(decoder(MUCH, "zstd"), frame, 100))
                .isInstanceOf(HttpProtocolException.class)
                .hasMessageContaining("too much memory");
        frame[5] = 13 << 3;
        assertThat(decode(decoder(MUCH, "zstd"), frame, 100)).isEmpty();
    }

    // ---- bombs

    @ParameterizedTest
    @EnumSource
    void theLimitIsExact(Codec codec) {
        byte[] encoded = codec.encode(TEXT);
        assertThat(decode(decoder(TEXT.length, codec.coding), encoded, 10)).isEqualTo(TEXT);
        assertThatThrownBy(() -> decode(decoder(TEXT.length - 1, codec.coding), encoded, 10))
                .isInstanceOfSatisfying(
                        LimitExceededException.class,
                        e -> assertThat(e.maxBytes()).isEqualTo(TEXT.length - 1))
                .hasMessageContaining("HttpOptions.maxInflatedBytes");
    }

    /** 10 GiB of zeros; with {@code -Dweft.long=true} all of them are inflated once. */
    @ParameterizedTest
    @EnumSource
    void aBombEndsAtTheLimitInFlatMemory(Codec inner) {
        byte[] bomb = inner.bomb((int) ((10L << 30) / Codec.UNIT_BYTES));
        int chunkBytes = 16 << 10;
        long limit = 64 << 20;
        explodes(bomb, chunkBytes, limit, inner.coding);
        System.out.printf("%s: 10 GiB in %,d bytes, peak %,d%n", inner, bomb.length, peak);
        assertThat(peak).isLessThan(chunkBytes + 2 * Coding.PIECE_BYTES);
        for (Codec outer : Codec.values()) {
            explodes(outer.encode(bomb), chunkBytes, limit, inner.coding, outer.coding);
        }
        assertThat(peak).isLessThan(chunkBytes + 3 * Coding.PIECE_BYTES);
        if (Boolean.getBoolean("weft.long")) { // brotli keeps the last bytes until more comes
            explodes(bomb, chunkBytes, (10L << 30) - Codec.UNIT_BYTES, inner.coding);
            assertThat(peak).isLessThan(chunkBytes + 3 * Coding.PIECE_BYTES);
        }
    }

    private void explodes(byte[] bomb, int chunkBytes, long limit, String... codings) {
        long[] bytes = new long[1];
        assertThatThrownBy(
                        () -> {
                            try (ContentDecoder decoder = decoder(limit, codings)) {
                                for (int at = 0; at < bomb.length; at += chunkBytes) {
                                    int to = Math.min(bomb.length, at + chunkBytes);
                                    decoder.feed(chunk(bomb, at, to));
                                    bytes[0] += count(decoder);
                                }
                            }
                        })
                .isInstanceOf(LimitExceededException.class);
        assertThat(used()).isZero();
    }

    private long count(ContentDecoder decoder) {
        long bytes = 0;
        ByteBuf piece;
        while ((piece = decoder.next()) != null) {
            peak = Math.max(peak, used());
            assertThat(piece.readableBytes()).isBetween(1, Coding.PIECE_BYTES);
            bytes += piece.readableBytes();
            piece.release();
        }
        return bytes;
    }

    @Test
    void aBombThatGivesNothingInTheEndCounts() {
        byte[] none = Codec.GZIP.encode(new byte[0]);
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        for (int i = 0; i < 100_000; i++) {
            members.writeBytes(none);
        }
        byte[] bomb = Codec.BROTLI.encode(members.toByteArray());
        assertThatThrownBy(() -> decode(decoder(1_000_000, "gzip, br"), bomb, 100))
                .isInstanceOf(LimitExceededException.class)
                .hasMessageContaining("inflates from br");
    }

    // ---- the end, at any moment

    @ParameterizedTest
    @EnumSource
    void closingFreesAllAtAnyMoment(Codec codec) {
        byte[] encoded = Codec.GZIP.encode(codec.encode(new byte[200_000]));
        int steps = 0;
        while (closesAfter(steps, decoder(MUCH, codec.coding, "gzip"), encoded)) {
            assertThat(used()).isZero();
            steps++;
        }
        assertThat(steps).isGreaterThan(10);
    }

    /** Feeds and asks so many times, then closes; false if that was the end. */
    private boolean closesAfter(int steps, ContentDecoder decoder, byte[] encoded) {
        int at = 0;
        try (decoder) {
            for (int step = 0; step < steps; step++) {
                ByteBuf piece = decoder.next();
                if (piece != null) {
                    piece.release();
                } else if (at == encoded.length) {
                    return false;
                } else {
                    int to = Math.min(encoded.length, at + 4);
                    decoder.feed(chunk(encoded, at, to));
                    at = to;
                }
            }
            return true;
        } finally {
            decoder.close();
        }
    }

    @Test
    void whatIsClosedOrFailedTakesNothing() {
        ContentDecoder decoder = decoder(MUCH, "gzip");
        decoder.feed(chunk(TEXT, 0, TEXT.length));
        assertThatThrownBy(decoder::next).isInstanceOf(HttpProtocolException.class);
        assertThat(used()).isZero();
        assertThatThrownBy(decoder::next).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(decoder::end).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> decoder.feed(chunk(TEXT, 0, 9)))
                .isInstanceOf(IllegalStateException.class);
    }
}
