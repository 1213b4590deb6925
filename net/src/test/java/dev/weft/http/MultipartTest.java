package dev.weft.http;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.http.CollectingSink.bytesOf;
import static dev.weft.http.CollectingSink.textOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Task;
import dev.weft.net.ByteView;
import dev.weft.net.EndOfFileException;
import dev.weft.net.MemoryPair;
import dev.weft.testkit.AsyncTest;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.multipart.Attribute;
import io.netty.handler.codec.http.multipart.DefaultHttpDataFactory;
import io.netty.handler.codec.http.multipart.FileUpload;
import io.netty.handler.codec.http.multipart.HttpPostRequestDecoder;
import io.netty.handler.codec.http.multipart.InterfaceHttpData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MultipartTest {
    @TempDir Path folder;

    @Test
    void theExampleWorks() throws Exception {
        // @start region="multipart"
        Multipart multipart =
                Multipart.of()
                        .field("title", "Holidays")
                        .file("photo", Path.of("beach.jpg"))
                        .part("meta", HttpBody.json(List.of("sun", "sand")));
        HttpBody body = HttpBody.multipart(multipart);
        // @end
        assertThat(body.contentType()).startsWith("multipart/form-data; boundary=");
        assertThat(body.length()).isEqualTo(-1); // of a file
        assertThat(multipart.parts()).hasSize(3);
    }

    private static String boundary(HttpBody body) {
        return Charsets.parameter(body.contentType(), "boundary");
    }

    private static String shown(HttpBody body) throws Exception {
        return textOf(body).replace(boundary(body), "BOUNDARY").replace("\r\n", "\n");
    }

    // ---- what is sent

    @Test
    void partsAreWrittenAsRfc7578HasIt() throws Exception {
        HttpBody body =
                HttpBody.multipart(
                        Multipart.of()
                                .field("name", "v\u00e9")
                                .field("empty", "")
                                .file("f", "a.png", "image/png", new byte[] {'P'})
                                .part("j", HttpBody.text("{}").type("application/json")));
        assertThat(shown(body))
                .isEqualTo(
                        """
                        --BOUNDARY
                        Content-Disposition: form-data; name="name"

                        v\u00e9
                        --BOUNDARY
                        Content-Disposition: form-data; name="empty"


                        --BOUNDARY
                        Content-Disposition: form-data; name="f"; filename="a.png"
                        Content-Type: image/png

                        P
                        --BOUNDARY
                        Content-Disposition: form-data; name="j"
                        Content-Type: application/json

                        {}
                        --BOUNDARY--
                        """);
        assertThat(body.length()).isEqualTo(bytesOf(body).length);
        assertThat(body.small()).isEqualTo(bytesOf(body));
        assertThat(body.isReplayable()).isTrue();
    }

    @Test
    void withoutPartsThereIsTheEnd() throws Exception {
        HttpBody body = HttpBody.multipart(Multipart.of());
        assertThat(shown(body)).isEqualTo("--BOUNDARY--\n");
        assertThat(body.length()).isEqualTo(bytesOf(body).length);
    }

    @Test
    void namesCannotEndTheirHeader() throws Exception {
        HttpBody body =
                HttpBody.multipart(
                        Multipart.of()
                                .field("a\"\r\nX: y; b=\"", "v")
                                .file("\u00e9\\%22", "x\n\"\r.txt", "text/plain", new byte[0]));
        assertThat(shown(body))
                .contains("name=\"a%22%0D%0AX: y; b=%22\"\n\nv")
                .contains("name=\"\u00e9\\%22\"; filename=\"x%0A%22%0D.txt\"\n");
        assertThatThrownBy(() -> Multipart.of().file("f", "n", "text/plain\r\nX: y", new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void addingChangesACopy() {
        Multipart one = Multipart.of().field("a", "1");
        Multipart two = one.field("b", "2");
        assertThat(Multipart.of().parts()).isEmpty();
        assertThat(one.parts()).hasSize(1);
        assertThat(two.parts()).hasSize(2);
        assertThatNullPointerException().isThrownBy(() -> one.field(null, "v"));
        assertThatNullPointerException().isThrownBy(() -> one.field("n", null));
        assertThatNullPointerException().isThrownBy(() -> one.file("n", null));
        assertThatNullPointerException().isThrownBy(() -> one.part("n", null));
        assertThatThrownBy(() -> one.file("n", Path.of("/")))
                .hasMessage("file must have a name, was /");
    }

    @Test
    void eachBodyHasABoundaryOfItsOwn() throws Exception {
        Set<String> boundaries = new HashSet<>();
        Multipart multipart = Multipart.of().field("a", "b");
        for (int i = 0; i < 1000; i++) {
            String boundary = boundary(HttpBody.multipart(multipart));
            assertThat(boundary).matches("[a-z0-9-]{30,70}");
            boundaries.add(boundary);
        }
        assertThat(boundaries).hasSize(1000);
        HttpBody body = HttpBody.multipart(multipart);
        assertThat(bytesOf(body)).isEqualTo(bytesOf(body)); // also when it is sent again
    }

    @Test
    void anotherTypeKeepsTheBoundary() throws Exception {
        HttpBody body = HttpBody.multipart(Multipart.of().field("a", "b"));
        HttpBody mixed = body.type("multipart/mixed");
        assertThat(mixed.contentType()).isEqualTo("multipart/mixed; boundary=" + boundary(body));
        assertThat(bytesOf(mixed)).isEqualTo(bytesOf(body));
        assertThatThrownBy(() -> body.type("multipart/mixed; boundary=x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("type must have no boundary");
    }

    // ---- lengths

    @Test
    void theLengthIsKnownIfAllAre() throws Exception {
        Multipart known = Multipart.of().part("s", HttpBody.stream(3, sink -> sink.write("abc")));
        HttpBody body = HttpBody.multipart(known);
        assertThat(body.length()).isEqualTo(bytesOf(body).length);
        assertThat(body.small()).isNull();
        assertThat(body.isReplayable()).isFalse();
        HttpBody unknown =
                HttpBody.multipart(known.part("t", HttpBody.stream(sink -> sink.write("d"))));
        assertThat(unknown.length()).isEqualTo(-1);
        assertThat(unknown.awaitLength()).isEqualTo(-1);
        assertThat(shown(unknown)).contains("abc").contains("d\n--BOUNDARY--");
    }

    @Test
    void aPartThatLiesAboutItsLengthIsAnError() {
        HttpBody body =
                HttpBody.multipart(
                        Multipart.of().part("s", HttpBody.stream(3, sink -> sink.write("ab"))));
        assertThatThrownBy(() -> bytesOf(body))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("the body must have the 3 bytes");
    }

    @Test
    void largeOnesAreNotJoined() throws Exception {
        HttpBody body =
                HttpBody.multipart(Multipart.of().file("f", "n", "a/b", new byte[64 * 1024]));
        assertThat(body.small()).isNull();
        assertThat(bytesOf(body)).hasSize((int) body.length());
    }

    // ---- files

    @AsyncTest
    void filesAreSentUnderTheirNames() throws Exception {
        Path file = Files.writeString(folder.resolve("n\u00f6te.txt"), "hello");
        HttpBody body = HttpBody.multipart(Multipart.of().file("f", file).field("a", "b"));
        assertThat(body.length()).isEqualTo(-1);
        assertThat(body.awaitLength()).isEqualTo(bytesOf(body).length);
        assertThat(body.isReplayable()).isTrue();
        assertThat(shown(body))
                .startsWith(
                        """
                        --BOUNDARY
                        Content-Disposition: form-data; name="f"; filename="n\u00f6te.txt"
                        Content-Type: text/plain

                        hello
                        --BOUNDARY
                        """);
    }

    @AsyncTest
    void aFileThatIsGoneFailsBeforeAnythingIsSent() {
        HttpBody body = HttpBody.multipart(Multipart.of().file("f", folder.resolve("missing.txt")));
        assertThatThrownBy(body::awaitLength)
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(NoSuchFileException.class);
    }

    @AsyncTest
    void aFileThatHasGrownBreaksTheBody() throws Exception {
        Path file = Files.writeString(folder.resolve("a.txt"), "hello");
        HttpBody body = HttpBody.multipart(Multipart.of().file("f", file));
        long length = body.awaitLength();
        Files.writeString(file, "hello, world");
        assertThatThrownBy(() -> body.writeTo(new CollectingSink(), length))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("more were written");
        Files.writeString(file, "h");
        assertThatThrownBy(() -> body.writeTo(new CollectingSink(), length))
                .isInstanceOfAny(IllegalStateException.class, EndOfFileException.class);
    }

    private Path sparse(long length) throws IOException {
        Path file = Files.createTempFile(folder, "sparse", ".bin");
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {1}), length - 1);
        }
        return file;
    }

    /** The writer is never further ahead of its reader than there is room, and a chunk. */
    @AsyncTest
    void filesWaitForTheirReader() throws Exception {
        int size = 4 * 1024 * 1024;
        int room = 3 * 64 * 1024 + 2 * 128 * 1024;
        HttpBody body =
                HttpBody.multipart(
                        Multipart.of()
                                .file("a", sparse(size))
                                .field("x", "y")
                                .file("b", sparse(size)));
        try (MemoryPair pair = MemoryPair.open()) {
            StreamSink sink = new StreamSink(pair.here());
            Task<Long> writing =
                    async(() -> {
                        long length = body.awaitLength();
                        body.writeTo(sink, length);
                        pair.here().shutdownOutput();
                        return length;
                    });
            long read = 0;
            for (ByteView view; (view = pair.there().readView()) != null; ) {
                assertThat(sink.begun - read).isLessThanOrEqualTo(room + 1024);
                read += view.length();
            }
            assertThat(read).isEqualTo(await(writing)).isGreaterThan(2L * size);
        }
    }

    // ---- as another implementation reads it

    private static HttpPostRequestDecoder decoder(HttpBody body) throws Exception {
        FullHttpRequest request =
                new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1,
                        HttpMethod.POST,
                        "/",
                        Unpooled.wrappedBuffer(bytesOf(body)));
        request.headers().set("content-type", body.contentType());
        return new HttpPostRequestDecoder(
                new DefaultHttpDataFactory(false), request, StandardCharsets.UTF_8);
    }

    @Test
    void nettysDecoderReadsIt() throws Exception {
        byte[] tricky = "\r\n--weft-\r\n--\r\n\0\u00ff".getBytes(StandardCharsets.ISO_8859_1);
        HttpBody body =
                HttpBody.multipart(
                        Multipart.of()
                                .field("text", "one\r\ntwo \ud83d\ude00")
                                .file("f", "r\u00e9sum\u00e9.bin", "application/x-thing", tricky)
                                .field("last", ""));
        HttpPostRequestDecoder decoder = decoder(body);
        List<InterfaceHttpData> parts = decoder.getBodyHttpDatas();
        assertThat(parts)
                .extracting(InterfaceHttpData::getName)
                .containsExactly("text", "f", "last");
        assertThat(((Attribute) parts.get(0)).getValue()).isEqualTo("one\r\ntwo \ud83d\ude00");
        FileUpload file = (FileUpload) parts.get(1);
        assertThat(file.getFilename()).isEqualTo("r\u00e9sum\u00e9.bin");
        assertThat(file.getContentType()).isEqualTo("application/x-thing");
        assertThat(file.get()).isEqualTo(tricky);
        assertThat(((Attribute) parts.get(2)).getValue()).isEmpty();
        decoder.destroy();
    }
}
