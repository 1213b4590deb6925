package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.net.ByteStreamTest.connected;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;

/** Reading by size, separator, line and to the end; the JDK's streams; pipes. */
class ByteStreamReadTest {
    private static final byte[] CRLF = {'\r', '\n'};

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    /** Sends one part after another, each when the peer has seen the last one. */
    private static void sendApart(ByteStream from, ByteStream to, String... parts) {
        for (String part : parts) {
            from.write(part);
            from.flush();
            to.write("seen?");
            from.readExactly(5);
        }
    }

    @AsyncTest
    void aLimitedReadLeavesTheRest() throws Exception {
        connected((here, there) -> {
            here.write("abcdef");
            here.shutdownOutput();
            assertThat(there.read(4)).isEqualTo(bytes("abcd"));
            assertThat(there.read(4)).isEqualTo(bytes("ef"));
            assertThat(there.read(4)).isNull();
            assertThatThrownBy(() -> there.read(0)).hasMessage("max must be >= 1, was 0");
        });
    }

    @AsyncTest
    void aSeparatorMayComeInParts() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readUntil("\r\n"));
            sendApart(here, there, "ab\r", "cd\r", "\nef");
            assertThat(await(reader)).isEqualTo(bytes("ab\rcd\r\n"));
            assertThat(there.readExactly(2)).isEqualTo(bytes("ef"));
        });
    }

    @AsyncTest
    void ofSeveralSeparatorsTheOneThatEndsFirstCounts() throws Exception {
        connected((here, there) -> {
            here.write("one--two;three;-four");
            assertThat(there.readUntil("two", ";", "--")).isEqualTo(bytes("one--"));
            assertThat(there.readUntil("two;three", ";")).isEqualTo(bytes("two;"));
            assertThat(there.readUntil(";-", "-")).isEqualTo(bytes("three;-"));
        });
    }

    @AsyncTest
    void theEndBeforeASeparatorCarriesWhatCame() throws Exception {
        connected((here, there) -> {
            here.write("abc");
            here.shutdownOutput();
            assertThatThrownBy(() -> there.readUntil("\n"))
                    .isInstanceOfSatisfying(
                            EndOfStreamException.class,
                            e -> {
                                assertThat(e.partial()).isEqualTo(bytes("abc"));
                                assertThat(e.expected()).isEqualTo(EndOfStreamException.UNKNOWN);
                            });
            assertThat(there.read()).isNull();
            assertThatThrownBy(() -> there.readUntil("\n"))
                    .isInstanceOf(EndOfStreamException.class);
        });
    }

    @AsyncTest
    void whatExceedsTheLimitStaysToBeRead() throws Exception {
        connected((here, there) -> {
            here.write("123456\n78\n");
            assertThatThrownBy(() -> there.readUntil(6, bytes("\n")))
                    .isInstanceOfSatisfying(
                            LimitExceededException.class,
                            e -> assertThat(e.maxBytes()).isEqualTo(6));
            assertThat(there.readUntil(7, bytes("\n"))).isEqualTo(bytes("123456\n"));
            assertThat(there.readUntil(3, bytes("\n"))).isEqualTo(bytes("78\n"));
        });
    }

    @AsyncTest
    void aPeerThatNeverSendsASeparatorIsStoppedAtTheLimit() throws Exception {
        connected((here, there) -> {
            Task<?> flood = async(() -> here.write(new byte[4_000_000]));
            assertThatThrownBy(() -> there.readUntil(100_000, CRLF))
                    .isInstanceOf(LimitExceededException.class);
            assertThat(there.readExactly(4_000_000)).containsOnly(0);
            await(flood);
        });
    }

    @AsyncTest
    void aCancelledReadUpToASeparatorTakesNothing() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readUntil("\n"));
            sendApart(here, there, "abc", "def");
            reader.cancel();
            assertThatThrownBy(() -> await(reader)).isInstanceOf(CancellationException.class);
            here.write("\n");
            assertThat(there.readLine()).isEqualTo("abcdef");
        });
    }

    @AsyncTest
    void noOtherReaderGetsWhatOneGathers() throws Exception {
        connected((here, there) -> {
            Task<String> reader = async(there::readLine);
            sendApart(here, there, "abc");
            assertThatThrownBy(() -> there.read()).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> there.read(1)).isInstanceOf(BusyException.class);
            assertThatThrownBy(there::readView).isInstanceOf(BusyException.class);
            assertThatThrownBy(there::readLine).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> there.readExactly(1)).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> there.readAll(9)).isInstanceOf(BusyException.class);
            here.write("\n");
            assertThat(await(reader)).isEqualTo("abc");
        });
    }

    @AsyncTest
    void closingEndsAReadThatGathers() throws Exception {
        connected((here, there) -> {
            Task<String> reader = async(there::readLine);
            sendApart(here, there, "abc");
            there.close();
            assertThatThrownBy(() -> await(reader)).isInstanceOf(StreamClosedException.class);
            assertThatThrownBy(there::readLine).isInstanceOf(StreamClosedException.class);
        });
    }

    @AsyncTest
    void separatorsAreChecked() throws Exception {
        connected((here, there) -> {
            assertThatThrownBy(there::readUntil).hasMessage("separators must not be empty");
            assertThatThrownBy(() -> there.readUntil("a", ""))
                    .hasMessage("a separator must not be empty");
            assertThatThrownBy(() -> there.readUntil(0, CRLF))
                    .hasMessage("maxBytes must be >= 1, was 0");
        });
    }

    @AsyncTest
    void aLineEndsAsLinesDo() throws Exception {
        connected((here, there) -> {
            here.write("one\n\r\n\ntw\ro\r\nthrée\r\r\nlast\r");
            here.shutdownOutput();
            List<String> lines = new ArrayList<>();
            // @start region="lines"
            for (String line : there.lines()) {
                lines.add(line);
            }
            // @end
            assertThat(lines).containsExactly("one", "", "", "tw\ro", "thrée\r", "last\r");
            assertThat(there.readLine()).isNull();
            assertThat(there.lines()).isEmpty();
        });
    }

    @AsyncTest
    void aLineMayBeAsLongAsTheOptionSays() throws Exception {
        connected(
                TcpOptions.defaults().maxLineBytes(5),
                (here, there) -> {
                    here.write("1234\n12345\n");
                    assertThat(there.readLine()).isEqualTo("1234");
                    assertThatThrownBy(there::readLine).isInstanceOf(LimitExceededException.class);
                    assertThat(there.readExactly(6)).isEqualTo(bytes("12345\n"));
                });
        assertThatThrownBy(() -> TcpOptions.defaults().maxLineBytes(0))
                .hasMessage("maxLineBytes must be >= 1, was 0");
    }

    @AsyncTest
    void everythingUpToTheEndIsRead() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readAll(10));
            sendApart(here, there, "abc", "defghij");
            here.shutdownOutput();
            assertThat(await(reader)).isEqualTo(bytes("abcdefghij"));
            assertThat(there.readAll(1)).isEmpty();
            there.write("more than that");
            assertThatThrownBy(() -> here.readAll(13)).isInstanceOf(LimitExceededException.class);
            there.shutdownOutput();
            assertThat(here.readAll(14)).isEqualTo(bytes("more than that"));
        });
    }

    @AsyncTest
    void aViewEndsWhenTheNextReadBegins() throws Exception {
        connected((here, there) -> {
            here.write("abc");
            ByteView view = there.readView();
            here.write("d\n");
            assertThat(there.readLine()).isEqualTo("d");
            assertThatThrownBy(() -> there.write(view)).isInstanceOf(IllegalStateException.class);
        });
    }

    @AsyncTest
    void partsAreWrittenTogether() throws Exception {
        connected((here, there) -> {
            ByteBuffer head = ByteBuffer.wrap(bytes("xhead")).position(1);
            ByteBuffer body = ByteBuffer.allocateDirect(4).put(bytes("body")).flip();
            here.write(head, body, ByteBuffer.allocate(0));
            assertThat(head.remaining() + body.remaining()).isZero();
            assertThat(there.readExactly(8)).isEqualTo(bytes("headbody"));
        });
    }

    @AsyncTest
    void theJdksStreamsReadAndWrite() throws Exception {
        connected((here, there) -> {
            DataOutputStream out = new DataOutputStream(here.outputStream());
            out.writeInt(-5);
            out.writeUTF("text");
            out.flush();
            DataInputStream in = new DataInputStream(there.inputStream());
            assertThat(in.readInt()).isEqualTo(-5);
            assertThat(in.readUTF()).isEqualTo("text");
            try (OutputStream end = there.outputStream()) {
                end.write(bytes("line\n"));
                end.write(0xe9);
            }
            BufferedReader reader =
                    new BufferedReader(
                            new InputStreamReader(
                                    here.inputStream(),
                                    java.nio.charset.StandardCharsets.ISO_8859_1));
            assertThat(reader.readLine()).isEqualTo("line");
            assertThat(reader.readLine()).isEqualTo("é");
            assertThat(reader.readLine()).isNull();
            assertThat(here.inputStream().read()).isEqualTo(-1);
            assertThat(there.isOpen()).isFalse();
        });
    }

    @AsyncTest
    void aPipeCarriesBothWaysUntilBothHaveEnded() throws Exception {
        connected((client, proxySide) ->
                connected((otherSide, server) -> {
                    // @start region="pipe"
                    Task<?> proxy = async(() -> ByteStream.pipe(proxySide, otherSide));
                    // @end
                    byte[] much = new byte[3_000_000];
                    new Random(1).nextBytes(much);
                    Task<?> sender =
                            async(() -> {
                                client.write(much);
                                client.shutdownOutput();
                            });
                    assertThat(server.readAll(much.length)).isEqualTo(much);
                    await(sender);
                    assertThat(proxy.isDone()).isFalse();
                    server.write("answer");
                    server.shutdownOutput();
                    assertThat(client.readAll(100)).isEqualTo(bytes("answer"));
                    await(proxy);
                }));
    }

    @AsyncTest
    void aPipeEndsWhenOneSideBreaks() throws Exception {
        connected((client, proxySide) ->
                connected((otherSide, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(proxySide, otherSide));
                    client.write("x");
                    assertThat(server.read()).hasSize(1);
                    client.abort();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(BrokenConnectionException.class);
                    assertThat(otherSide.isOpen()).isTrue();
                }));
    }

    /** Whatever the parts in which bytes come, each way of reading finds the same. */
    @AsyncTest(seconds = 60)
    void partsMakeNoDifference() throws Exception {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            StringBuilder all = new StringBuilder();
            while (all.length() < 3000) {
                all.append("ab\r\n".charAt(random.nextInt(4)));
            }
            String label = "seed " + seed;
            connected((here, there) -> {
                Promise<Void> ready = Promise.create();
                Task<?> sender = async(() -> sendInParts(here, all.toString(), random, ready));
                await(ready);
                StringBuilder read = new StringBuilder();
                for (byte[] part; (part = readSomehow(there, random)) != null; ) {
                    read.append(new String(part, UTF_8));
                }
                assertThat(read.toString()).as(label).isEqualTo(all.toString());
                await(sender);
            });
        }
    }

    private static void sendInParts(
            ByteStream stream, String text, Random random, Promise<Void> ready) {
        ready.complete(null);
        for (int i = 0; i < text.length(); ) {
            int end = Math.min(text.length(), i + 1 + random.nextInt(200));
            stream.write(text.substring(i, end));
            stream.flush();
            Async.yieldNow();
            i = end;
        }
        stream.shutdownOutput();
    }

    private static byte[] readSomehow(ByteStream stream, Random random) {
        try {
            return switch (random.nextInt(5)) {
                case 0 -> stream.read();
                case 1 -> stream.read(1 + random.nextInt(50));
                case 2 -> stream.readExactly(1 + random.nextInt(50));
                case 3 -> ended(stream.readUntil("\r\n", "aa"), "\r\n", "aa");
                default -> ended(stream.readUntil("\n\n", "\n"), "\n");
            };
        } catch (EndOfStreamException e) {
            return e.partial().length == 0 ? null : e.partial();
        }
    }

    private static byte[] ended(byte[] part, String... separators) {
        String text = new String(part, UTF_8);
        assertThat(Arrays.stream(separators).anyMatch(text::endsWith)).as(text).isTrue();
        for (String separator : separators) {
            assertThat(text.substring(0, text.length() - 1)).doesNotContain(separator);
        }
        return part;
    }
}
