package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.bytes;
import static dev.weft.net.Wire.random;
import static dev.weft.net.Wire.sendApart;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Body;
import dev.weft.Task;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Reading by size, separator, line and to the end; views; the JDK's streams. */
class ByteStreamReadTest {
    private static final byte[] CRLF = {'\r', '\n'};

    // ---- by size

    @StreamTest
    void aLimitedReadLeavesTheRest(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("abcdef");
            here.shutdownOutput();
            assertThat(there.read(4)).isEqualTo(bytes("abcd"));
            assertThat(there.read(4)).isEqualTo(bytes("ef"));
            assertThat(there.read(4)).isNull();
            assertThatThrownBy(() -> there.read(0)).hasMessage("max must be >= 1, was 0");
        });
    }

    @StreamTest
    void partsOfAChunkCanBeReadInEveryWay(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("0123456789\n!abc");
            assertThat(there.readExactly(3)).asString().isEqualTo("012");
            assertThat(there.readExactly(0)).isEmpty();
            assertThat(there.read(1)).asString().isEqualTo("3");
            assertThat(there.readLine()).isEqualTo("456789");
            assertThat(there.readUntil("!")).asString().isEqualTo("!");
            ByteView rest = there.readView();
            assertThat(rest.toString()).isEqualTo("abc");
            there.write(rest);
            assertThat(here.readExactly(2)).asString().isEqualTo("ab");
            assertThat(here.read()).asString().isEqualTo("c");
        });
    }

    @StreamTest
    void aCountMayBeMoreThanEverComes(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("abc");
            here.shutdownOutput();
            assertThatThrownBy(() -> there.readExactly(Integer.MAX_VALUE))
                    .isInstanceOfSatisfying(
                            EndOfStreamException.class,
                            e -> {
                                assertThat(e.partial()).isEqualTo(bytes("abc"));
                                assertThat(e.expected()).isEqualTo(Integer.MAX_VALUE);
                            });
            assertThat(there.read()).isNull();
            assertThatThrownBy(() -> there.readExactly(-1))
                    .hasMessage("count must be >= 0, was -1");
        });
    }

    // ---- by separator

    @StreamTest
    void ofSeveralSeparatorsTheOneThatEndsFirstCounts(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("one--two;three;-four");
            assertThat(there.readUntil("two", ";", "--")).isEqualTo(bytes("one--"));
            assertThat(there.readUntil("two;three", ";")).isEqualTo(bytes("two;"));
            assertThat(there.readUntil(";-", "-")).isEqualTo(bytes("three;-"));
        });
    }

    @StreamTest
    void theEndBeforeASeparatorCarriesWhatCame(Wire on) throws Exception {
        on.connected((here, there) -> {
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
        });
    }

    @StreamTest
    void whatExceedsTheLimitStaysToBeRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("123456\n78\n");
            assertThatThrownBy(() -> there.readUntil(6, bytes("\n")))
                    .isInstanceOfSatisfying(
                            LimitExceededException.class,
                            e -> assertThat(e.maxBytes()).isEqualTo(6));
            assertThat(there.readUntil(7, bytes("\n"))).isEqualTo(bytes("123456\n"));
            assertThat(there.readUntil(3, bytes("\n"))).isEqualTo(bytes("78\n"));
        });
    }

    @StreamTest
    void aPeerThatNeverSendsASeparatorIsStoppedAtTheLimit(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> flood = async(() -> here.write(new byte[1_000_000]));
            assertThatThrownBy(() -> there.readUntil(100_000, CRLF))
                    .isInstanceOf(LimitExceededException.class);
            assertThat(there.readExactly(1_000_000)).containsOnly(0);
            await(flood);
        });
    }

    @StreamTest
    void separatorsAreChecked(Wire on) throws Exception {
        on.connected((here, there) -> {
            assertThatThrownBy(there::readUntil).hasMessage("separators must not be empty");
            assertThatThrownBy(() -> there.readUntil("a", ""))
                    .hasMessage("a separator must not be empty");
            assertThatThrownBy(() -> there.readUntil(0, CRLF))
                    .hasMessage("maxBytes must be >= 1, was 0");
        });
    }

    // ---- by line

    @StreamTest
    void aLineEndsAsLinesDo(Wire on) throws Exception {
        on.connected((here, there) -> {
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

    @StreamTest
    void aLineMayBeAsLongAsTheOptionSays(Wire on) throws Exception {
        on.connected(
                options -> options.maxLineBytes(5),
                (here, there) -> {
                    here.write("1234\n12345\n");
                    assertThat(there.readLine()).isEqualTo("1234");
                    assertThatThrownBy(there::readLine).isInstanceOf(LimitExceededException.class);
                    assertThat(there.readExactly(6)).isEqualTo(bytes("12345\n"));
                });
        assertThatThrownBy(() -> TcpOptions.defaults().maxLineBytes(0))
                .hasMessage("maxLineBytes must be >= 1, was 0");
    }

    @StreamTest
    void whatIsNoUtf8IsReplaced(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write(new byte[] {'a', (byte) 0xff, 'b', '\n', (byte) 0xe2, (byte) 0x82, '\n'});
            assertThat(there.readLine()).isEqualTo("a\ufffdb");
            assertThat(there.readLine()).isEqualTo("\ufffd");
        });
    }

    // ---- to the end

    @StreamTest
    void everythingUpToTheEndIsRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readAll(10));
            sendApart(here, there, "abc", "defghij");
            here.shutdownOutput();
            assertThat(await(reader)).isEqualTo(bytes("abcdefghij"));
            assertThat(there.readAll(1)).isEmpty();
            assertThatThrownBy(() -> there.readAll(0)).hasMessage("maxBytes must be >= 1, was 0");
        });
    }

    @StreamTest
    void moreThanWasToComeStaysToBeRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("more than that");
            here.shutdownOutput();
            assertThatThrownBy(() -> there.readAll(13)).isInstanceOf(LimitExceededException.class);
            assertThat(there.readAll(14)).isEqualTo(bytes("more than that"));
        });
    }

    @StreamTest
    void atTheEndEachWayOfReadingSaysSoForEver(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("x");
            here.shutdownOutput();
            assertThat(there.read()).containsExactly('x');
            for (int i = 0; i < 2; i++) {
                assertThat(there.read()).isNull();
                assertThat(there.read(9)).isNull();
                assertThat(there.readView()).isNull();
                assertThat(there.readExactly(0)).isEmpty();
                assertThat(there.readLine()).isNull();
                assertThat(there.lines()).isEmpty();
                assertThat(there.readAll(9)).isEmpty();
                assertThat(there.inputStream().read()).isEqualTo(-1);
                assertEndsEmpty(() -> there.readExactly(1));
                assertEndsEmpty(() -> there.readUntil("\n"));
            }
        });
    }

    private static void assertEndsEmpty(ThrowingCallable read) {
        assertThatThrownBy(read)
                .isInstanceOfSatisfying(
                        EndOfStreamException.class, e -> assertThat(e.partial()).isEmpty());
    }

    // ---- however it comes

    private static final String TEXT = "ab\r\n\nsépar\u20acé\ud83d\ude00--";

    /** A way to read {@link #TEXT}, with what it gives. */
    private record Way(Body<String> read, String gives) {}

    private static List<Way> ways(ByteStream stream) {
        int length = bytes(TEXT).length;
        return List.of(
                new Way(() -> text(stream.readExactly(length)), TEXT),
                new Way(() -> text(stream.readUntil("--")), TEXT),
                new Way(() -> text(stream.readUntil("---", "\ud83d\ude00--", "x")), TEXT),
                new Way(
                        () -> stream.readLine() + stream.readLine() + text(stream.readUntil("--")),
                        TEXT.replace("\r\n", "").replace("\n", "")),
                new Way(
                        () -> {
                            String first = text(stream.readUntil("\r\n\n", "\n"));
                            return first
                                    + text(stream.readUntil("\r\n", "\n", "--"))
                                    + text(stream.readUntil("--"));
                        },
                        TEXT),
                new Way(() -> text(stream.inputStream().readNBytes(length)), TEXT));
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }

    @StreamTest
    void itMakesNoDifferenceWhereBytesAreCut(Wire on) throws Exception {
        byte[] all = bytes(TEXT);
        on.connected((here, there) -> {
            for (Way way : ways(there)) {
                for (int cut = 1; cut < all.length; cut++) {
                    Task<String> reader = async(way.read);
                    sendApart(here, there, Arrays.copyOf(all, cut));
                    here.write(Arrays.copyOfRange(all, cut, all.length));
                    assertThat(await(reader)).as("cut at %s", cut).isEqualTo(way.gives);
                }
            }
        });
    }

    @StreamTest
    void singleBytesMakeNoDifference(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (Way way : ways(there)) {
                Task<String> reader = async(way.read);
                for (byte b : bytes(TEXT)) {
                    here.write(new byte[] {b});
                    here.flush();
                }
                assertThat(await(reader)).isEqualTo(way.gives);
            }
        });
    }

    // ---- views

    @StreamTest
    void aViewIsValidUntilTheNextRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("hello");
            ByteView view = there.readView();
            assertThat(view.toString()).isEqualTo("hello");
            assertThat(view.length()).isEqualTo(5);
            assertThat(view.get(1)).isEqualTo((byte) 'e');
            assertThat(view.indexOf((byte) 'l')).isEqualTo(2);
            assertThat(view.indexOf((byte) 'x')).isEqualTo(-1);
            assertThatThrownBy(() -> view.get(5)).isInstanceOf(IndexOutOfBoundsException.class);
            // Twice the same, to a peer and back, while the view still holds.
            there.write(view);
            there.write(view);
            assertThat(here.readExactly(10)).asString().isEqualTo("hellohello");
            assertThat(view.toByteArray()).asString().isEqualTo("hello");
            Task<byte[]> next = async(() -> there.read());
            yieldNow();
            assertThatThrownBy(view::toByteArray)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("read from again or closed");
            assertThatThrownBy(() -> here.write(view)).isInstanceOf(IllegalStateException.class);
            next.cancel();
        });
    }

    @StreamTest
    void eachWayOfReadingEndsAView(Wire on) throws Exception {
        on.connected((here, there) -> {
            List<Body<?>> ways =
                    List.of(
                            there::read,
                            () -> there.read(2),
                            () -> there.readExactly(2),
                            () -> there.readUntil("\n"),
                            there::readLine,
                            there::readView,
                            () -> there.inputStream().read());
            for (Body<?> way : ways) {
                here.write("abc");
                ByteView view = there.readView();
                here.write("d\n");
                way.run();
                assertThatThrownBy(() -> here.write(view))
                        .isInstanceOf(IllegalStateException.class);
                while (there.inputStream().available() > 0) {
                    there.read();
                }
            }
        });
    }

    @StreamTest
    void aViewThatWasWrittenIsSentWhateverIsReadNext(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] sent = Wire.random(300_000);
            Task<byte[]> back = async(() -> here.readExactly(sent.length));
            Task<?> echo =
                    async(() -> {
                        for (int n = 0; n < sent.length; ) {
                            ByteView view = there.readView();
                            n += view.length();
                            there.write(view);
                        }
                    });
            here.write(sent);
            assertThat(await(back)).isEqualTo(sent);
            await(echo);
        });
    }

    // ---- as the JDK's

    @StreamTest
    void theJdksStreamsRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            InputStream in = there.inputStream();
            assertThat(in.available()).isZero();
            here.write(new byte[] {-1, 0, 0, 0, 7, 1, 2, 3, 4, 5});
            assertThat(in.read()).isEqualTo(255);
            assertThat(new DataInputStream(in).readInt()).isEqualTo(7);
            byte[] some = new byte[4];
            assertThat(in.read(some, 1, 0)).isZero();
            assertThat(in.readNBytes(some, 1, 2)).isEqualTo(2);
            assertThat(some).containsExactly(0, 1, 2, 0);
            assertThat(in.available()).isPositive();
            assertThat(in.skip(1)).isEqualTo(1);
            assertThatThrownBy(() -> in.read(some, 3, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            here.shutdownOutput();
            assertThat(in.readAllBytes()).containsExactly(4, 5);
            assertThat(in.read(some)).isEqualTo(-1);
            in.close();
            assertThat(there.isOpen()).isFalse();
            assertThatThrownBy(in::read).isInstanceOf(StreamClosedException.class);
        });
    }

    @StreamTest
    void aReaderOfTheJdksReadsLines(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write(new byte[] {'l', 'i', 'n', 'e', '\n', (byte) 0xe9});
            here.shutdownOutput();
            var reader = new BufferedReader(new InputStreamReader(there.inputStream(), ISO_8859_1));
            assertThat(reader.readLine()).isEqualTo("line");
            assertThat(reader.readLine()).isEqualTo("é");
            assertThat(reader.readLine()).isNull();
        });
    }

    @StreamTest
    void singleBytesThatNobodyReadsShareTheirRoom(Wire wire) throws Exception {
        wire.connected((here, there) -> {
            byte[] sent = random(500);
            for (byte b : sent) {
                sendApart(here, there, new byte[] {b});
            }
            ByteBuffer received = ByteBuffer.allocate(sent.length);
            int parts = 0;
            for (; received.hasRemaining(); parts++) {
                there.readView().copyTo(received);
            }
            assertThat(received.array()).isEqualTo(sent);
            assertThat(parts).isLessThan(sent.length / 8);
        });
    }
}
