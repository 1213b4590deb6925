package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.sleep;
import static dev.weft.Async.timeout;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.Trait.SHOWS_ABORTS;
import static dev.weft.net.Wire.bytes;
import static dev.weft.net.Wire.sendApart;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Action;
import dev.weft.DeadlineExceededException;
import dev.weft.Loop;
import dev.weft.Task;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What a call that was cancelled, or took too long, leaves behind. */
class ByteStreamCancelTest {
    private static final Duration SHORT = Duration.ofMillis(2);

    /** Everything that waits for more than "abc". */
    private static List<Action> readsOf(ByteStream stream) {
        return List.of(
                () -> stream.readExactly(6),
                () -> stream.readUntil("\n"),
                stream::readLine,
                () -> stream.readAll(9),
                () -> stream.lines().iterator().next());
    }

    private static void cancel(Task<?> task) {
        task.cancel();
        assertThatThrownBy(() -> await(task)).isInstanceOf(CancellationException.class);
    }

    // ---- reading

    @StreamTest
    void aCancelledReadTakesNothing(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (Action read : readsOf(there)) {
                Task<?> reader = async(read);
                yieldNow();
                sendApart(here, there, "abc");
                cancel(reader);
                here.write("def\n");
                assertThat(there.readLine()).isEqualTo("abcdef");
            }
            for (Action read : List.<Action>of(there::read, () -> there.read(9), there::readView)) {
                Task<?> reader = async(read);
                yieldNow();
                cancel(reader);
                here.write("x");
                assertThat(there.read()).containsExactly('x');
            }
        });
    }

    @StreamTest
    void aReadThatTakesTooLongTakesNothing(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (Action read : readsOf(there)) {
                here.write("abc");
                assertThatThrownBy(() -> timeout(SHORT, read))
                        .isInstanceOf(DeadlineExceededException.class);
                here.write("def\n");
                assertThat(there.readLine()).isEqualTo("abcdef");
            }
        });
    }

    /** Cancelled at each moment between the sending of a line and its arrival. */
    @StreamTest
    void whenALineComesAndItsReaderIsCancelledItIsReadOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (int i = 0; i < 30; i++) {
                String line = "line " + i;
                Task<String> reader = async(there::readLine);
                yieldNow();
                here.write(line.substring(0, 3));
                here.write(line.substring(3) + "\n");
                for (int n = 0; n < i / 2; n++) {
                    yieldNow();
                }
                reader.cancel();
                String read;
                try {
                    read = await(reader);
                } catch (CancellationException e) {
                    read = there.readLine();
                }
                assertThat(read).isEqualTo(line);
            }
        });
    }

    @StreamTest
    void aCancelledReaderMakesWayForAnother(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> one = async(there::readLine);
            yieldNow();
            one.cancel();
            assertThatThrownBy(there::read).isInstanceOf(BusyException.class);
            yieldNow();
            Task<byte[]> other = async(() -> there.read());
            yieldNow();
            here.write("x");
            assertThat(await(other)).containsExactly('x');
            assertThat(one.isCancelled()).isTrue();
        });
    }

    // ---- writing

    @StreamTest
    void aCancelledWriteIsSentWhole(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = on.tooMuch();
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            cancel(writer);
            Task<?> next =
                    async(() -> {
                        here.write("more");
                        here.shutdownOutput();
                    });
            assertThat(there.readExactly(much.length)).isEqualTo(much);
            assertThat(there.readAll(9)).isEqualTo(bytes("more"));
            await(next);
        });
    }

    @StreamTest
    void aWriteCancelledBeforeItBeganSendsNothing(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> writer = async(() -> here.write("never"));
            cancel(writer);
            here.write("x");
            assertThat(there.read()).containsExactly('x');
        });
    }

    @StreamTest
    void aCancelledFlushEndsTheWaitAlone(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = on.tooMuch();
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            cancel(writer);
            Task<?> flusher = async(here::flush);
            yieldNow();
            cancel(flusher);
            assertThatThrownBy(() -> timeout(SHORT, here::flush))
                    .isInstanceOf(DeadlineExceededException.class);
            Task<byte[]> reader = async(() -> there.readExactly(much.length));
            here.flush();
            assertThat(await(reader)).isEqualTo(much);
        });
    }

    @StreamTest
    void aCancelledShutdownOfTheOutputHappensAllTheSame(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] much = on.tooMuch();
            Task<?> writer = async(() -> here.write(much));
            yieldNow();
            cancel(writer);
            Task<?> ender = async(here::shutdownOutput);
            yieldNow();
            cancel(ender);
            assertThatThrownBy(() -> here.write("x")).isInstanceOf(StreamClosedException.class);
            assertThat(there.readAll(much.length)).isEqualTo(much);
        });
    }

    // ---- closing

    @StreamTest
    void aCancelledCloseClosesAtOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> writer = async(() -> here.write(on.tooMuch()));
            yieldNow();
            Task<?> closer = async(here::close);
            yieldNow();
            cancel(closer);
            assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
            assertThat(here.isOpen()).isFalse();
            here.close();
            assertThatThrownBy(() -> there.readExactly(Integer.MAX_VALUE))
                    .isInstanceOf(
                            on.has(SHOWS_ABORTS)
                                    ? BrokenConnectionException.class
                                    : EndOfStreamException.class);
        });
    }

    @StreamTest
    void aCloseThatTakesTooLongClosesAtOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<?> writer = async(() -> here.write(on.tooMuch()));
            yieldNow();
            assertThatThrownBy(() -> timeout(SHORT, here::close))
                    .isInstanceOf(DeadlineExceededException.class);
            assertThatThrownBy(() -> await(writer)).isInstanceOf(StreamClosedException.class);
            here.close();
        });
    }

    /** Cancelled at each step from connecting to the end, and nothing is left: see StreamTest. */
    @StreamTest
    void whoeverIsCancelledAnywhereLeavesNothing(Wire on) throws Exception {
        for (int i = 0; i < 40; i++) {
            Task<?> all =
                    async(() ->
                            on.connected((here, there) -> {
                                group(g -> {
                                    g.async(() -> here.write(new byte[200_000]));
                                    there.readExactly(200_000);
                                });
                                there.write("thanks");
                                here.readExactly(6);
                                here.shutdownOutput();
                                there.readAll(1);
                                there.close();
                            }));
            for (int n = 0; n < i * i / 20; n++) {
                yieldNow();
            }
            all.cancel();
            try {
                await(all);
            } catch (CancellationException e) {
                assertThat(all.isCancelled()).isTrue();
            }
        }
        // A server whose closing was cancelled goes on closing.
        while (Loop.current().statistics().tasks() > 1) {
            sleep(SHORT);
        }
    }
}
