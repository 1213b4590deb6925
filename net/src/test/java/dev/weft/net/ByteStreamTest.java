package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.Trait.ENDS_BOTH_TOGETHER;
import static dev.weft.net.Wire.Trait.ENDS_EACH_DIRECTION_ALONE;
import static dev.weft.net.Wire.Trait.OUTLIVES_THE_PEERS_END;
import static dev.weft.net.Wire.Trait.SHOWS_ABORTS;
import static dev.weft.net.Wire.bytes;
import static dev.weft.net.Wire.sendApart;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Action;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A stream's life: the ends of each direction, closing, breaking, and who may use it at a time. */
class ByteStreamTest {
    /** By TCP, with whatever transport the loop has. */
    static void connected(Wire.Ends body) throws Exception {
        connected(TcpOptions.defaults(), body);
    }

    static void connected(TcpOptions options, Wire.Ends body) throws Exception {
        new Wire(Wire.Medium.TCP, Loop.current().transport()).connected(_ -> options, body);
    }

    /** Everything that reads, each for at least one byte. */
    private static List<Action> readsOf(ByteStream stream) {
        return List.of(
                stream::read,
                () -> stream.read(1),
                stream::readView,
                () -> stream.readExactly(1),
                () -> stream.readUntil("\n"),
                stream::readLine,
                () -> stream.readAll(9),
                () -> stream.inputStream().read(),
                () -> stream.lines().iterator().next());
    }

    private static List<Action> writesOf(ByteStream stream) {
        return List.of(
                () -> stream.write("x"),
                () -> stream.write(new byte[1]),
                () -> stream.write(ByteBuffer.allocate(1)),
                () -> stream.write(ByteBuffer.allocate(1), ByteBuffer.allocate(1)),
                () -> stream.outputStream().write(1),
                stream::flush,
                stream::shutdownOutput);
    }

    private static void assertEach(List<Action> calls, Class<?> failure) {
        for (Action call : calls) {
            assertThatThrownBy(call::run).isInstanceOf(failure);
        }
    }

    // ---- the end of one direction

    @StreamTest(needs = ENDS_EACH_DIRECTION_ALONE)
    void afterTheEndOfTheOutputTheInputGoesOn(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("x");
            here.shutdownOutput();
            here.shutdownOutput();
            assertThat(there.readAll(9)).containsExactly('x');
            byte[] much = Wire.random(500_000);
            Task<?> answer =
                    async(() -> {
                        there.write(much);
                        there.shutdownOutput();
                    });
            assertThat(here.readAll(much.length)).isEqualTo(much);
            await(answer);
            assertThatThrownBy(() -> here.write("y")).isInstanceOf(StreamClosedException.class);
            assertThatThrownBy(here::flush).isInstanceOf(StreamClosedException.class);
            assertThat(here.isOpen()).isTrue();
            assertThat(there.isOpen()).isTrue();
        });
    }

    /** Where one end takes the other with it, it does so in order. */
    @StreamTest(needs = ENDS_BOTH_TOGETHER)
    void theEndOfOneOutputMayEndTheOther(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("all");
            here.shutdownOutput();
            assertThat(there.readAll(9)).isEqualTo(bytes("all"));
            assertThatThrownBy(() -> writeOn(there)).isInstanceOf(BrokenConnectionException.class);
            assertThat(here.read()).isNull();
        });
    }

    /**
     * Also if somebody is writing when that happens. Unix sockets on io_uring may forget the
     * writer: see docs/known-issues.md.
     */
    @StreamTest(needs = OUTLIVES_THE_PEERS_END)
    void whoWritesWhileThePeerEndsItsOutputGoesOnOrIsTold(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = on.tooMuch();
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            there.shutdownOutput();
            if (on.has(ENDS_EACH_DIRECTION_ALONE)) {
                assertThat(here.read()).isNull();
                assertThat(there.readExactly(much.length)).isEqualTo(much);
                await(writer);
            } else {
                assertThatThrownBy(() -> await(writer))
                        .isInstanceOf(BrokenConnectionException.class);
            }
        });
    }

    @StreamTest
    void anAbortFreesTheWriterAndTheChannelWhenThePeerHasJustEnded(Wire on) throws Exception {
        for (int i = 0; i < (Boolean.getBoolean("weft.long") ? 100 : 5); i++) {
            on.connected((here, there) -> {
                Task<?> writer = async(() -> here.write(on.tooMuch()));
                yieldNow();
                there.shutdownOutput();
                here.abort();
                here.close(); // waits until the channel has gone
                assertThatThrownBy(() -> await(writer)).isInstanceOf(UncheckedIOException.class);
            });
        }
    }

    @StreamTest(needs = OUTLIVES_THE_PEERS_END)
    void bothDirectionsEndInEitherOrder(Wire on) throws Exception {
        on.connected((here, there) -> {
            there.write("there");
            here.write("here");
            here.shutdownOutput();
            assertThat(there.readAll(9)).isEqualTo(bytes("here"));
            there.shutdownOutput();
            assertThat(here.readAll(9)).isEqualTo(bytes("there"));
            here.close();
            there.close();
        });
    }

    @StreamTest
    void anEndBeforeAllBytesCameCarriesThoseThatDid(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readExactly(5));
            sendApart(here, there, "abc");
            here.close();
            assertThatThrownBy(() -> await(reader))
                    .isInstanceOfSatisfying(
                            EndOfStreamException.class,
                            e -> {
                                assertThat(e.partial()).isEqualTo(bytes("abc"));
                                assertThat(e.expected()).isEqualTo(5);
                            });
            assertThat(there.read()).isNull();
        });
    }

    // ---- closing

    @StreamTest
    void closingSendsWhatWasWritten(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = Wire.random(3_000_000);
            Task<byte[]> reader = async(() -> there.readAll(much.length));
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            here.close();
            assertThat(await(reader)).isEqualTo(much);
            assertThat(there.read()).isNull();
            try {
                await(writer);
            } catch (StreamClosedException e) {
                // it still waited for room when the stream was closed
            }
        });
    }

    @StreamTest
    void whatCameBeforeTheEndIsStillReadAfterIt(Wire on) throws Exception {
        on.connected((here, there) -> {
            there.write("last words");
            there.close();
            assertThat(here.readExactly(4)).isEqualTo(bytes("last"));
            assertThat(here.readExactly(6)).isEqualTo(bytes(" words"));
            assertThat(here.read()).isNull();
            here.close();
        });
    }

    @StreamTest
    void closingIsForEverAndOnceIsEnough(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.close();
            assertThat(here.isOpen()).isFalse();
            here.close();
            here.abort();
            here.close();
            assertEach(readsOf(here), StreamClosedException.class);
            assertEach(writesOf(here), StreamClosedException.class);
            assertThat(there.read()).isNull();
        });
    }

    @StreamTest
    void closingDropsWhatWasNotRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            sendApart(here, there, "abc", "def");
            ByteView view = there.readView();
            there.close();
            assertThatThrownBy(view::toByteArray).isInstanceOf(IllegalStateException.class);
            assertEach(readsOf(there), StreamClosedException.class);
        });
    }

    @StreamTest
    void closingEndsWhoeverReadsAndWrites(Wire on) throws Exception {
        on.connected(
                options -> options.closeTimeout(Duration.ofMillis(20)),
                (here, there) -> {
                    Task<byte[]> reader = async(() -> here.read());
                    Task<?> writer = async(() -> here.write(on.tooMuch()));
                    yieldNow();
                    // The peer reads nothing, so not all can be sent.
                    assertThatThrownBy(here::close).isInstanceOf(TimedOutException.class);
                    assertThatThrownBy(() -> await(reader))
                            .isInstanceOf(StreamClosedException.class);
                    assertThatThrownBy(() -> await(writer))
                            .isInstanceOf(StreamClosedException.class);
                    assertThat(here.isOpen()).isFalse();
                    here.close();
                });
    }

    @StreamTest
    void closingEndsEachWayOfReadingHalfWay(Wire on) throws Exception {
        for (int i = 0; i < 9; i++) {
            int way = i;
            on.connected((here, there) -> {
                List<Action> waiting =
                        List.of(
                                there::read,
                                () -> there.read(1),
                                there::readView,
                                () -> there.readExactly(9),
                                () -> there.readUntil("\n"),
                                there::readLine,
                                () -> there.readAll(9),
                                () -> there.inputStream().readNBytes(9),
                                () -> there.lines().iterator().next());
                Action call = waiting.get(way);
                boolean gathers = way >= 3;
                Task<?> reader = async(call);
                yieldNow();
                if (gathers) {
                    sendApart(here, there, "abc");
                }
                there.close();
                assertThatThrownBy(() -> await(reader)).isInstanceOf(StreamClosedException.class);
                assertThatThrownBy(there::read).isInstanceOf(StreamClosedException.class);
            });
        }
    }

    @StreamTest
    void closingEndsWhoeverFlushesOrShutsDown(Wire on) throws Exception {
        for (boolean flushes : new boolean[] {true, false}) {
            on.connected(
                    options -> options.closeTimeout(Duration.ofMillis(20)),
                    (here, there) -> {
                        Task<?> writer = async(() -> here.write(on.tooMuch()));
                        yieldNow();
                        writer.cancel();
                        yieldNow();
                        Task<?> waiting = async(flushes ? here::flush : here::shutdownOutput);
                        yieldNow();
                        assertThatThrownBy(here::close).isInstanceOf(TimedOutException.class);
                        assertThatThrownBy(() -> await(waiting))
                                .isInstanceOf(StreamClosedException.class);
                        assertThat(writer.isCancelled()).isTrue();
                    });
        }
    }

    @StreamTest
    void whoClosesIsToldIfThePeerBreaksMeanwhile(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> writer = async(() -> here.write(on.tooMuch()));
            yieldNow();
            Task<?> closer = async(here::close);
            yieldNow();
            there.abort();
            assertThatThrownBy(() -> await(closer)).isInstanceOf(BrokenConnectionException.class);
            assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
            here.close();
        });
    }

    @StreamTest
    void severalMayCloseAtOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("abc");
            List<Task<?>> closers = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                closers.add(async(here::close));
                closers.add(async(there::close));
            }
            for (Task<?> closer : closers) {
                await(closer);
            }
            assertThat(here.isOpen() || there.isOpen()).isFalse();
        });
    }

    // ---- breaking

    @StreamTest
    void aPeerThatAbortsBreaksTheConnection(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<byte[]> reader = async(() -> here.read());
            yieldNow();
            there.abort();
            there.abort();
            if (on.has(SHOWS_ABORTS)) {
                assertThatThrownBy(() -> await(reader))
                        .isInstanceOfSatisfying(
                                BrokenConnectionException.class,
                                e -> assertThat(e.peer()).isEqualTo(here.remoteAddress()));
                assertThat(here.isOpen()).isFalse();
                assertEach(readsOf(here), BrokenConnectionException.class);
                assertEach(writesOf(here), BrokenConnectionException.class);
            } else {
                assertThat(await(reader)).isNull();
                assertThatThrownBy(() -> writeOn(here))
                        .isInstanceOf(BrokenConnectionException.class);
            }
            assertEach(readsOf(there), StreamClosedException.class);
            assertEach(writesOf(there), StreamClosedException.class);
        });
    }

    @StreamTest(needs = SHOWS_ABORTS)
    void whatCameStaysWhenTheConnectionBreaksWhileOneWaitsForMore(Wire on) throws Exception {
        for (int i = 0; i < 5; i++) {
            int way = i;
            on.connected((here, there) -> {
                List<Action> waiting =
                        List.of(
                                () -> there.readExactly(9),
                                () -> there.readUntil("\n"),
                                there::readLine,
                                () -> there.readAll(9),
                                () -> there.lines().iterator().next());
                Task<?> reader = async(waiting.get(way));
                yieldNow();
                sendApart(here, there, "abc");
                here.abort();
                assertThatThrownBy(() -> await(reader))
                        .isInstanceOf(BrokenConnectionException.class);
                assertThat(there.read()).isEqualTo(bytes("abc"));
                assertThatThrownBy(there::read).isInstanceOf(BrokenConnectionException.class);
            });
        }
    }

    @StreamTest
    void aPeerThatAbortsBreaksWhoeverWrites(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> writer = async(() -> here.write(on.tooMuch()));
            yieldNow();
            there.abort();
            assertThatThrownBy(() -> await(writer)).isInstanceOf(BrokenConnectionException.class);
            here.close();
        });
    }

    @StreamTest
    void whatCameBeforeTheConnectionBrokeIsStillRead(Wire on) throws Exception {
        on.connected((here, there) -> {
            sendApart(there, here, "last words");
            there.abort();
            assertThat(here.readExactly(10)).isEqualTo(bytes("last words"));
            if (on.has(SHOWS_ABORTS)) {
                assertThatThrownBy(here::read).isInstanceOf(BrokenConnectionException.class);
            } else {
                assertThat(here.read()).isNull();
            }
        });
    }

    @StreamTest
    void writingToAPeerThatHasClosedFails(Wire on) throws Exception {
        on.connected((here, there) -> {
            there.close();
            assertThatThrownBy(() -> writeOn(here)).isInstanceOf(BrokenConnectionException.class);
            List<Action> writes = new ArrayList<>(writesOf(here));
            if (!on.has(ENDS_EACH_DIRECTION_ALONE)) {
                writes.removeLast(); // the output has ended, as it asks for
            }
            assertEach(writes, BrokenConnectionException.class);
        });
    }

    /** The first bytes after the end may still be accepted: a TCP peer's answer takes its time. */
    private static void writeOn(ByteStream stream) {
        for (; ; ) {
            stream.write("x");
            sleep(Duration.ofMillis(1));
        }
    }

    @StreamTest
    void aBrokenStreamClosesQuietlyIfNothingWasLost(Wire on) throws Exception {
        on.connected((here, there) -> {
            there.abort();
            try {
                here.read();
            } catch (BrokenConnectionException e) {
                assertThat(on.has(SHOWS_ABORTS)).isTrue();
            }
            here.close();
            assertThatThrownBy(here::read).isInstanceOf(StreamClosedException.class);
        });
    }

    // ---- two at a time

    @StreamTest
    void twoReadersAtOnceAreAnErrorAndNothingIsLost(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (Action waiting : List.<Action>of(there::readLine, () -> there.readExactly(4))) {
                Task<?> reader = async(waiting);
                yieldNow();
                assertEach(readsOf(there), BusyException.class);
                sendApart(here, there, "abc");
                assertEach(readsOf(there), BusyException.class);
                here.write("\n");
                await(reader);
            }
            Task<byte[]> reader = async(() -> there.read());
            yieldNow();
            assertEach(readsOf(there), BusyException.class);
            here.write("x");
            assertThat(await(reader)).containsExactly('x');
        });
    }

    @StreamTest
    void twoWritersAtOnceAreAnErrorAndNothingIsLost(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = on.tooMuch();
            Task<byte[]> reader = async(() -> here.read());
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            assertEach(writesOf(here), BusyException.class);
            assertThat(there.readExactly(much.length)).isEqualTo(much);
            await(writer);
            here.write("next");
            assertThat(there.readExactly(4)).isEqualTo(bytes("next"));
            there.write("y");
            assertThat(await(reader)).containsExactly('y');
        });
    }

    // ---- what it tells

    @StreamTest
    void bothEndsAgreeOnTheirAddresses(Wire on) throws Exception {
        on.connected((here, there) -> {
            if (on.medium() == Wire.Medium.UNIX) {
                assertThat(here.remoteAddress()).isEqualTo(there.localAddress());
            } else {
                assertThat(here.localAddress()).isEqualTo(there.remoteAddress());
                assertThat(there.localAddress()).isEqualTo(here.remoteAddress());
                assertThat(here.localAddress()).isNotEqualTo(here.remoteAddress());
            }
            assertThat(here.transportAddress()).isEqualTo(here.remoteAddress());
            assertThat(here.proxyHeader()).isNull();
            assertThat(here.tls() != null).isEqualTo(on.isTls());
            String name = "ByteStream[" + here.localAddress() + " - " + here.remoteAddress() + "]";
            assertThat(here).hasToString(name);
            here.close();
            there.close();
            assertThat(here).hasToString(name);
            assertThat(here.localAddress()).isNotNull();
            assertThat(here.remoteAddress()).isNotNull();
        });
    }

    @AsyncTest
    void aStreamThatNobodyClosesGoesWithItsLoop() {
        Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            stream.write("never read");
                            await(Promise.create());
                        });
        ByteStream lost = Tcp.connect("127.0.0.1", server.port());
        ByteView held = lost.readView();
        assertThat(held.length()).isPositive();
        ByteStream unread = Tcp.connect("127.0.0.1", server.port());
        assertThat(unread.inputStream()).isNotNull();
        server.close();
    }
}
