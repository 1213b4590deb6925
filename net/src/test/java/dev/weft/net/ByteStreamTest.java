package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/** One stream, and what may happen to it. */
class ByteStreamTest {
    /** A body that has both ends of a connection. */
    interface Ends {
        void run(ByteStream here, ByteStream there) throws Exception;
    }

    static void connected(Ends body) throws Exception {
        connected(TcpOptions.defaults(), body);
    }

    static void connected(TcpOptions options, Ends body) throws Exception {
        Promise<ByteStream> accepted = Promise.create();
        Promise<Void> done = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                options,
                                stream -> {
                                    accepted.complete(stream);
                                    await(done);
                                });
                ByteStream here = Tcp.connect("127.0.0.1", server.port(), options)) {
            body.run(here, await(accepted));
            done.tryComplete(null);
        }
    }

    /** Lets the event loop and the peer act; what is asserted holds in either order. */
    private static void settle() {
        Async.sleep(Duration.ofMillis(30));
    }

    @AsyncTest
    void theEndIsNullAndStaysSo() throws Exception {
        connected((here, there) -> {
            here.write("x");
            here.shutdownOutput();
            here.shutdownOutput();
            assertThat(there.read()).containsExactly('x');
            assertThat(there.read()).isNull();
            assertThat(there.readView()).isNull();
            there.write("still open");
            assertThat(here.readExactly(10)).hasSize(10);
            assertThatThrownBy(() -> here.write("y")).isInstanceOf(StreamClosedException.class);
        });
    }

    @AsyncTest
    void anEndBeforeAllBytesCameCarriesThoseThatDid() throws Exception {
        connected((here, there) -> {
            here.write("abc");
            here.shutdownOutput();
            assertThatThrownBy(() -> there.readExactly(5))
                    .isInstanceOfSatisfying(
                            EndOfStreamException.class,
                            e -> {
                                assertThat(e.partial()).containsExactly('a', 'b', 'c');
                                assertThat(e.expected()).isEqualTo(5);
                            });
            assertThat(there.read()).isNull();
        });
    }

    @AsyncTest
    void aCancelledReadTakesNothing() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readExactly(6));
            Async.yieldNow();
            here.write("abc");
            settle();
            reader.cancel();
            assertThatThrownBy(() -> await(reader)).isInstanceOf(CancellationException.class);
            here.write("def");
            assertThat(there.readExactly(6)).containsExactly('a', 'b', 'c', 'd', 'e', 'f');
        });
    }

    @AsyncTest
    void aCancelledWriteIsSentWhole() throws Exception {
        connected((here, there) -> {
            byte[] much = new byte[8_000_000];
            much[much.length - 1] = 9;
            Task<?> writer = async(() -> here.write(much));
            Async.yieldNow();
            writer.cancel();
            assertThatThrownBy(() -> await(writer)).isInstanceOf(CancellationException.class);
            assertThat(there.readExactly(much.length)).isEqualTo(much);
        });
    }

    @AsyncTest
    void twoReadersOrTwoWritersAtOnceAreAnError() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> here.read());
            Task<?> writer = async(() -> here.write(new byte[8_000_000]));
            Async.yieldNow();
            assertThatThrownBy(() -> here.read()).isInstanceOf(BusyException.class);
            assertThatThrownBy(() -> here.write("x")).isInstanceOf(BusyException.class);
            assertThatThrownBy(here::flush).isInstanceOf(BusyException.class);
            there.readExactly(8_000_000);
            await(writer);
            there.write("y");
            assertThat(await(reader)).containsExactly('y');
        });
    }

    @AsyncTest
    void writingWaitsForASlowReader() throws Exception {
        connected((here, there) -> {
            int[] written = {0};
            Task<?> writer =
                    async(() -> {
                        byte[] part = new byte[10_000];
                        for (int i = 0; i < 2_000; i++) {
                            here.write(part);
                            written[0]++;
                        }
                    });
            settle();
            settle();
            // What fits in the kernel and our buffers is far less than all.
            assertThat(written[0]).isLessThan(1_900);
            there.readExactly(20_000_000);
            await(writer);
            assertThat(written[0]).isEqualTo(2_000);
        });
    }

    @AsyncTest
    void anArrayMayBeReusedAtOnce() throws Exception {
        connected((here, there) -> {
            byte[] bytes = {1, 2, 3};
            here.write(bytes);
            bytes[0] = 99;
            ByteBuffer buffer = ByteBuffer.wrap(new byte[] {0, 4, 5, 0}, 1, 2);
            here.write(buffer);
            assertThat(buffer.remaining()).isZero();
            buffer.put(1, (byte) 99);
            assertThat(there.readExactly(5)).containsExactly(1, 2, 3, 4, 5);
        });
    }

    @AsyncTest
    void aViewIsValidUntilTheNextRead() throws Exception {
        connected((here, there) -> {
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
            Async.yieldNow();
            assertThatThrownBy(view::toByteArray)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("read from again or closed");
            assertThatThrownBy(() -> here.write(view)).isInstanceOf(IllegalStateException.class);
            next.cancel();
        });
    }

    @AsyncTest
    void partsOfAChunkCanBeReadInEveryWay() throws Exception {
        connected((here, there) -> {
            here.write("0123456789");
            assertThat(there.readExactly(3)).asString().isEqualTo("012");
            assertThat(there.readExactly(0)).isEmpty();
            ByteView rest = there.readView();
            assertThat(rest.toString()).isEqualTo("3456789");
            there.write(rest);
            assertThat(here.readExactly(2)).asString().isEqualTo("34");
            assertThat(here.read()).asString().isEqualTo("56789");
        });
    }

    @AsyncTest
    void closingEndsAReaderAndAWriterOfThisSide() throws Exception {
        connected(
                TcpOptions.defaults().closeTimeout(Duration.ofMillis(50)),
                (here, there) -> {
                    Task<byte[]> reader = async(() -> here.read());
                    Task<?> writer = async(() -> here.write(new byte[20_000_000]));
                    Async.yieldNow();
                    // The peer reads nothing, so not all can be sent.
                    assertThatThrownBy(here::close).isInstanceOf(TimedOutException.class);
                    assertThatThrownBy(() -> await(reader))
                            .isInstanceOf(StreamClosedException.class);
                    assertThatThrownBy(() -> await(writer))
                            .isInstanceOf(StreamClosedException.class);
                    assertThat(here.isOpen()).isFalse();
                    here.close();
                    here.abort();
                    assertThatThrownBy(() -> here.read()).isInstanceOf(StreamClosedException.class);
                    assertThatThrownBy(() -> here.write("x"))
                            .isInstanceOf(StreamClosedException.class);
                    assertThatThrownBy(here::flush).isInstanceOf(StreamClosedException.class);
                });
    }

    @AsyncTest
    void closingSendsWhatWasWrittenBefore() throws Exception {
        byte[] much = new byte[3_000_000];
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> {
                                    // Returns at once: the server closes the stream.
                                    async(() -> stream.write(much));
                                    Async.yieldNow();
                                });
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(stream.readExactly(much.length)).hasSize(much.length);
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest
    void aPeerThatAbortsBreaksTheConnection() throws Exception {
        connected((here, there) -> {
            Task<byte[]> reader = async(() -> here.read());
            Async.yieldNow();
            there.abort();
            assertThatThrownBy(() -> await(reader))
                    .isInstanceOfSatisfying(
                            BrokenConnectionException.class,
                            e -> assertThat(e.peer()).isEqualTo(here.remoteAddress()));
            assertThatThrownBy(() -> here.write("x")).isInstanceOf(BrokenConnectionException.class);
            assertThat(here.isOpen()).isFalse();
        });
    }

    @AsyncTest
    void whatCameBeforeTheEndIsStillReadAfterIt() throws Exception {
        connected((here, there) -> {
            there.write("last words");
            there.close();
            settle();
            assertThat(here.readExactly(10)).asString().isEqualTo("last words");
            assertThat(here.read()).isNull();
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
        settle();
        assertThat(unread.isOpen()).isTrue();
        server.close();
    }
}
