package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.http.CollectingSink.bytesOf;
import static dev.weft.http.CollectingSink.textOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Task;
import dev.weft.net.ByteView;
import dev.weft.net.EndOfFileException;
import dev.weft.net.MemoryPair;
import dev.weft.testkit.AsyncTest;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpBodyTest {
    private static final int CHUNK = 128 * 1024;

    /** What MemoryPair takes when nobody reads. */
    private static final int ROOM = 3 * 64 * 1024;

    @TempDir Path folder;

    record Order(String item, int count) {}

    @Test
    void theExampleWorks() throws Exception {
        byte[] bytes = {1, 2};
        // @start region="bodies"
        HttpBody json = HttpBody.json(new Order("tea", 2));
        HttpBody form = HttpBody.form("user", "ada", "remember", "yes");
        HttpBody file = HttpBody.file(Path.of("photo.jpg"));
        HttpBody image = HttpBody.of(bytes).type("image/png");
        // @end
        assertThat(textOf(json)).isEqualTo("{\"item\":\"tea\",\"count\":2}");
        assertThat(textOf(form)).isEqualTo("user=ada&remember=yes");
        assertThat(file.contentType()).isEqualTo("image/jpeg");
        assertThat(image.contentType()).isEqualTo("image/png");
    }

    @Test
    void theStreamExampleWorks() throws Exception {
        // @start region="stream"
        HttpBody numbers =
                HttpBody.stream(
                                sink -> {
                                    for (int i = 1; i <= 3; i++) {
                                        sink.write("{\"n\":" + i + "}\n");
                                    }
                                })
                        .type("application/x-ndjson");
        // @end
        assertThat(textOf(numbers)).isEqualTo("{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    }

    // ---- at hand

    @Test
    void noneHasNothing() throws Exception {
        HttpBody none = HttpBody.none();
        assertThat(none.contentType()).isNull();
        assertThat(none.length()).isZero();
        assertThat(none.isReplayable()).isTrue();
        assertThat(none.small()).isEmpty();
        assertThat(bytesOf(none)).isEmpty();
        assertThat(HttpBody.none()).isSameAs(none);
    }

    @Test
    void bytesAreNotCopiedAndABufferIs() throws Exception {
        byte[] bytes = {1, 2, 3, 4};
        assertThat(HttpBody.of(bytes).small()).isSameAs(bytes);
        ByteBuffer buffer = ByteBuffer.wrap(bytes, 1, 2);
        HttpBody body = HttpBody.of(buffer);
        bytes[1] = 9;
        assertThat(body.small()).containsExactly(2, 3);
        assertThat(buffer.remaining()).isEqualTo(2);
        assertThat(body.length()).isEqualTo(2);
        assertThat(body.contentType()).isEqualTo("application/octet-stream");
        assertThat(bytesOf(body)).containsExactly(2, 3);
        ByteBuffer direct = ByteBuffer.allocateDirect(8).asReadOnlyBuffer().position(3);
        assertThat(HttpBody.of(direct).length()).isEqualTo(5);
    }

    @Test
    void textHasItsCharset() {
        HttpBody utf8 = HttpBody.text("\u00e9\u20ac");
        assertThat(utf8.contentType()).isEqualTo("text/plain; charset=utf-8");
        assertThat(utf8.small()).isEqualTo("\u00e9\u20ac".getBytes(StandardCharsets.UTF_8));
        HttpBody latin = HttpBody.text("\u00e9\u20ac", StandardCharsets.ISO_8859_1);
        assertThat(latin.contentType()).isEqualTo("text/plain; charset=iso-8859-1");
        assertThat(latin.small()).containsExactly(0xe9, '?');
        assertThat(HttpBody.text("").length()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '`',
            value = {
                "a, b, a=b",
                "``, ``, =",
                "a b, c+d, a+b=c%2Bd",
                "&=%;, '\"(), %26%3D%25%3B=%27%22%28%29",
                "-._*~, \u00e9\u20ac, -._*%7E=%C3%A9%E2%82%AC",
                "\ud83d\ude00, \ud83d, %F0%9F%98%80=%EF%BF%BD",
            })
    void formsAreEncodedAsBrowsersDo(String name, String value, String form) throws Exception {
        assertThat(textOf(HttpBody.form(name, value))).isEqualTo(form);
        assertThat(textOf(HttpBody.form(Map.of(name, value)))).isEqualTo(form);
    }

    @Test
    void formsKeepTheirOrderAndRepeatedNames() throws Exception {
        HttpBody form = HttpBody.form("b", " \r\n", "a", "1", "b", "2");
        assertThat(textOf(form)).isEqualTo("b=+%0D%0A&a=1&b=2");
        assertThat(form.contentType()).isEqualTo("application/x-www-form-urlencoded");
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("z", "1");
        fields.put("a", "2");
        assertThat(textOf(HttpBody.form(fields))).isEqualTo("z=1&a=2");
        assertThat(HttpBody.form().length()).isZero();
        assertThatThrownBy(() -> HttpBody.form("a", "b", "c"))
                .hasMessage("namesAndValues must be pairs: the last name has no value");
        assertThatNullPointerException().isThrownBy(() -> HttpBody.form("a", null));
    }

    @Test
    void theTypeIsSetInACopy() throws Exception {
        HttpBody text = HttpBody.text("{}");
        HttpBody json = text.type(" application/json ");
        assertThat(json.contentType()).isEqualTo("application/json");
        assertThat(textOf(json)).isEqualTo("{}");
        assertThat(text.contentType()).isEqualTo("text/plain; charset=utf-8");
        Stream.of(text, HttpBody.file(Path.of("x")), HttpBody.stream(sink -> {}))
                .forEach(body -> {
                    HttpBody typed = body.type("a/b");
                    assertThat(typed.contentType()).isEqualTo("a/b");
                    assertThat(typed.length()).isEqualTo(body.length());
                    assertThat(typed.isReplayable()).isEqualTo(body.isReplayable());
                    assertThatThrownBy(() -> body.type("a/b\r\nX: y"))
                            .isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("header Content-Type");
                });
    }

    @Test
    void refusesNulls() {
        assertThatNullPointerException().isThrownBy(() -> HttpBody.of((byte[]) null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.of((ByteBuffer) null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.text(null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.file(null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.stream(null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.multipart(null));
        assertThatNullPointerException().isThrownBy(() -> HttpBody.text("a").type(null));
    }

    // ---- written

    @Test
    void aStreamOfUnknownLengthWritesWhatItLikes() throws Exception {
        HttpBody body =
                HttpBody.stream(sink -> {
                    sink.write(new byte[] {1});
                    sink.write(new byte[] {0, 2, 3, 0}, 1, 2);
                    sink.write(ByteBuffer.wrap(new byte[] {4}));
                    sink.write("\u00e9");
                });
        assertThat(body.length()).isEqualTo(-1);
        assertThat(body.isReplayable()).isFalse();
        assertThat(body.small()).isNull();
        assertThat(bytesOf(body)).containsExactly(1, 2, 3, 4, 0xc3, 0xa9);
    }

    @Test
    void aStreamKeepsTheLengthThatItAnnounced() throws Exception {
        assertThat(bytesOf(HttpBody.stream(2, sink -> sink.write("ab")))).hasSize(2);
        assertThat(bytesOf(HttpBody.stream(0, sink -> {}))).isEmpty();
        assertThatThrownBy(() -> bytesOf(HttpBody.stream(2, sink -> sink.write("a"))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "the body must have the 2 bytes that were announced, but its writer ended"
                                + " after 1");
        CollectingSink sink = new CollectingSink();
        HttpBody more =
                HttpBody.stream(
                        2,
                        s -> {
                            s.write("a");
                            s.write(ByteBuffer.wrap(new byte[2]));
                        });
        assertThatThrownBy(() -> more.writeTo(sink, more.awaitLength()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "the body must have the 2 bytes that were announced, but more were written:"
                                + " 3");
        // Nothing of what is too much.
        assertThat(sink.bytes()).hasSize(1);
        assertThatThrownBy(() -> HttpBody.stream(-1, s -> {}))
                .hasMessage("bytes must be >= 0, was -1");
    }

    @Test
    void aWritersFailureIsItsOwn() {
        IOException failure = new IOException("mine");
        HttpBody body =
                HttpBody.stream(sink -> {
                    throw failure;
                });
        assertThatThrownBy(() -> bytesOf(body)).isSameAs(failure);
    }

    // ---- files

    private Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(folder, "f", ".bin"), bytes);
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private Path sparse(long length) throws IOException {
        Path file = Files.createTempFile(folder, "sparse", "");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}), length - 1);
        }
        return file;
    }

    /** How often this process has a file open; on Linux. */
    private static long opened(Path file) throws IOException {
        Path real = file.toRealPath();
        long count = 0;
        for (File descriptor : new File("/proc/self/fd").listFiles()) {
            try {
                count += descriptor.toPath().toRealPath().equals(real) ? 1 : 0;
            } catch (IOException e) {
                // It has been closed since, or is none of a file.
            }
        }
        return count;
    }

    @ParameterizedTest
    @CsvSource({
        "a.txt, text/plain",
        "a.JPG, image/jpeg",
        "a.html, text/html",
        "a.nonsense, application/octet-stream",
        "noext, application/octet-stream",
        "/, application/octet-stream",
        "a.json, application/json"
    })
    void theNameSuggestsTheType(String name, String type) {
        assertThat(HttpBody.file(Path.of(name)).contentType()).isEqualTo(type);
    }

    @AsyncTest
    void filesOfAnySizeComeWhole() throws Exception {
        for (int length : new int[] {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5}) {
            byte[] bytes = random(length);
            Path file = file(bytes);
            HttpBody body = HttpBody.file(file);
            assertThat(body.length()).isEqualTo(-1);
            assertThat(body.isReplayable()).isTrue();
            assertThat(body.awaitLength()).isEqualTo(length);
            assertThat(bytesOf(body)).isEqualTo(bytes);
            assertThat(bytesOf(body)).isEqualTo(bytes);
            assertThat(opened(file)).isZero();
        }
    }

    @AsyncTest
    void whatIsNoFileFailsBeforeAnythingIsSent() {
        HttpBody missing = HttpBody.file(folder.resolve("missing"));
        assertThatThrownBy(missing::awaitLength)
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(NoSuchFileException.class);
        HttpBody directory = HttpBody.file(folder);
        assertThatThrownBy(directory::awaitLength)
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(FileSystemException.class)
                .hasMessageContaining("is no regular file");
    }

    @AsyncTest
    void aFileThatChangesMeanwhileBreaksTheRequest() throws Exception {
        Path file = file(random(2 * CHUNK));
        HttpBody body = HttpBody.file(file);
        long length = body.awaitLength();
        Files.write(file, random(CHUNK));
        assertThatThrownBy(() -> body.writeTo(new CollectingSink(), length))
                .isInstanceOf(EndOfFileException.class)
                .hasMessageContaining("has shrunk");
        Files.delete(file);
        assertThatThrownBy(() -> body.writeTo(new CollectingSink(), length))
                .isInstanceOf(UncheckedIOException.class);
        // What was added is left out.
        Files.write(file, random(2 * CHUNK + 7));
        CollectingSink sink = new CollectingSink();
        body.writeTo(sink, length);
        assertThat(sink.bytes()).isEqualTo(Arrays.copyOf(random(2 * CHUNK + 7), 2 * CHUNK));
    }

    @AsyncTest
    void aFileThatShrinksAmidSendingSaysSo() throws Exception {
        Path file = file(random(3 * CHUNK));
        HttpBody body = HttpBody.file(file);
        HttpSink shrinking =
                new HttpSink() {
                    @Override
                    public void write(byte[] bytes, int offset, int length) {
                        try (FileChannel channel =
                                FileChannel.open(file, StandardOpenOption.WRITE)) {
                            channel.truncate(CHUNK + 10);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }

                    @Override
                    public void write(ByteBuffer bytes) {}
                };
        assertThatThrownBy(() -> body.writeTo(shrinking, body.awaitLength()))
                .isInstanceOfSatisfying(
                        EndOfFileException.class,
                        e -> {
                            assertThat(e.sent()).isEqualTo(CHUNK + 10);
                            assertThat(e.expected()).isEqualTo(3 * CHUNK);
                        });
        assertThat(opened(file)).isZero();
    }

    /** The writer is never further ahead of its reader than there is room, and a chunk. */
    @AsyncTest
    void aFileWaitsForItsReader() throws Exception {
        int size = 8 * 1024 * 1024;
        HttpBody body = HttpBody.file(sparse(size));
        try (MemoryPair pair = MemoryPair.open()) {
            StreamSink sink = new StreamSink(pair.here());
            Task<Void> writing =
                    async(() -> {
                        body.writeTo(sink, body.awaitLength());
                        pair.here().shutdownOutput();
                        return null;
                    });
            long read = 0;
            for (ByteView view; (view = pair.there().readView()) != null; ) {
                assertThat(sink.begun - read).isLessThanOrEqualTo(ROOM + 2 * CHUNK);
                read += view.length();
            }
            await(writing);
            assertThat(read).isEqualTo(size);
        }
    }

    /** In the long form larger than the heap of the tests, and than an array. */
    @AsyncTest(seconds = 60)
    void hugeFilesNeedNoMemory() throws Exception {
        boolean isLong = Boolean.getBoolean("weft.long");
        long size = isLong ? 3L * 1024 * 1024 * 1024 : 16L * CHUNK + 1;
        HttpBody body = HttpBody.file(sparse(size));
        List<WeakReference<byte[]>> chunks = new ArrayList<>();
        long[] sum = {0};
        HttpSink counting =
                new HttpSink() {
                    @Override
                    public void write(byte[] bytes, int offset, int length) {
                        chunks.add(new WeakReference<>(bytes));
                        sum[0] += length;
                    }

                    @Override
                    public void write(ByteBuffer bytes) {}
                };
        body.writeTo(counting, body.awaitLength());
        assertThat(sum[0]).isEqualTo(size);
        System.gc();
        assertThat(chunks).hasSizeGreaterThan(16).allMatch(chunk -> chunk.refersTo(null));
    }

    @AsyncTest
    void cancellingClosesTheFile() throws Exception {
        Path file = sparse(8 * 1024 * 1024);
        HttpBody body = HttpBody.file(file);
        try (MemoryPair pair = MemoryPair.open()) {
            StreamSink sink = new StreamSink(pair.here());
            Task<Void> writing =
                    async(() -> {
                        body.writeTo(sink, body.awaitLength());
                        return null;
                    });
            pair.there().readExactly(1);
            while (sink.begun < ROOM) {
                Async.yieldNow();
            }
            assertThat(opened(file)).isEqualTo(1);
            writing.cancel();
            assertThatThrownBy(() -> await(writing)).isInstanceOf(CancellationException.class);
            assertThat(opened(file)).isZero();
        }
    }

    /** At each of its suspension points: whatever was open is closed. */
    @AsyncTest
    void cancellingAtAnyMomentClosesTheFile() throws Exception {
        Path file = file(random(2 * CHUNK));
        HttpBody body = HttpBody.file(file);
        int completed = 0;
        for (int turns = 0; completed < 3 && turns < 20_000; turns++) {
            Task<Void> writing =
                    async(() -> {
                        body.writeTo(new CollectingSink(), body.awaitLength());
                        return null;
                    });
            for (int i = 0; i < turns; i++) {
                Async.yieldNow();
            }
            writing.cancel();
            try {
                await(writing);
                completed++;
            } catch (CancellationException e) {
                completed = 0;
            }
            assertThat(opened(file)).as("after %d turns", turns).isZero();
        }
        assertThat(completed).isEqualTo(3);
    }
}
