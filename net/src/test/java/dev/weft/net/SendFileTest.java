package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.io.TempDir;

/** Files over plain TCP, which the kernel sends, and over TLS, which reads them in chunks. */
class SendFileTest {
    private static final long MUCH = 256L * 1024 * 1024;

    @TempDir Path folder;

    /** A body that has both ends of a connection: one that sends, and its peer. */
    private interface Ends {
        void run(ByteStream sender, ByteStream receiver) throws Exception;
    }

    private static void plain(TcpOptions options, Ends body) throws Exception {
        ByteStreamTest.connected(options, body::run);
    }

    private static void tls(TcpOptions options, Ends body) throws Exception {
        ServerTls tls = ServerTls.of(Certs.identity(Certs.LOCALHOST));
        ClientTls trusting = ClientTls.defaults().trust(Certs.TRUST);
        Promise<ByteStream> accepted = Promise.create();
        Promise<Void> done = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "0.0.0.0",
                                0,
                                options.tls(tls),
                                stream -> {
                                    accepted.complete(stream);
                                    await(done);
                                });
                ByteStream here = Tcp.connect("localhost", server.port(), options.tls(trusting))) {
            body.run(here, await(accepted));
            done.tryComplete(null);
        }
    }

    private static void both(Ends body) throws Exception {
        both(TcpOptions.defaults(), body);
    }

    private static void both(TcpOptions options, Ends body) throws Exception {
        plain(options, body);
        tls(options, body);
    }

    private Path file(byte[] bytes) throws IOException {
        return Files.write(Files.createTempFile(folder, "f", ""), bytes);
    }

    private FileChannel sparse(long length) throws IOException {
        FileChannel file =
                FileChannel.open(
                        Files.createTempFile(folder, "sparse", ""),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        if (length > 0) {
            file.write(ByteBuffer.wrap(new byte[] {1}), length - 1);
        }
        return file;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static void drain(ByteStream stream) {
        while (stream.readView() != null) {}
    }

    /** Until the peer has a part of what is being sent, and no more can be sent. */
    private static void awaitStall(ByteStream receiver) {
        receiver.readExactly(1);
        Async.sleep(Duration.ofMillis(100)); // how full the buffers are matters to no test
    }

    /** Shown in ByteStream. */
    static void serve(ByteStream stream, FileChannel file) throws IOException {
        // @start region="sendFile"
        stream.write("length: " + file.size() + "\n");
        stream.sendFile(file, 0, file.size());
        // @end
    }

    @AsyncTest
    void theExampleWorks() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(1000)) {
                serve(sender, file);
                assertThat(receiver.readLine()).isEqualTo("length: 1000");
                assertThat(receiver.readExactly(1000)[999]).isEqualTo((byte) 1);
            }
        });
    }

    @AsyncTest
    void whatWasWrittenBeforeComesBeforeAndWhatIsWrittenAfterComesAfter() throws Exception {
        byte[] bytes = random(3_000_001);
        Path path = file(bytes);
        both((sender, receiver) -> {
            Task<byte[]> all = async(() -> receiver.readExactly(7 + 2 * bytes.length + 5));
            sender.write("before,");
            assertThat(sender.sendFile(path)).isEqualTo(bytes.length);
            assertThat(sender.sendFile(path)).isEqualTo(bytes.length);
            sender.write("after");
            byte[] got = await(all);
            assertThat(new String(got, 0, 7)).isEqualTo("before,");
            assertThat(Arrays.equals(got, 7, 7 + bytes.length, bytes, 0, bytes.length)).isTrue();
            assertThat(
                            Arrays.equals(
                                    got,
                                    7 + bytes.length,
                                    7 + 2 * bytes.length,
                                    bytes,
                                    0,
                                    bytes.length))
                    .isTrue();
            assertThat(new String(got, got.length - 5, 5)).isEqualTo("after");
        });
    }

    @AsyncTest
    void aPartIsSentAndTheFileStaysAsItIs() throws Exception {
        byte[] bytes = random(500_000);
        both((sender, receiver) -> {
            try (FileChannel file = FileChannel.open(file(bytes))) {
                file.position(17);
                sender.sendFile(file, 100_001, 300_000);
                sender.sendFile(file, 5, 0);
                sender.sendFile(file, 500_000, 0);
                sender.write("!");
                assertThat(receiver.readExactly(300_000))
                        .isEqualTo(Arrays.copyOfRange(bytes, 100_001, 400_001));
                assertThat(receiver.read()).containsExactly('!');
                assertThat(file.position()).isEqualTo(17);
                assertThat(file.isOpen()).isTrue();
            }
        });
    }

    @AsyncTest
    void whatCannotBeSentLeavesTheStreamAsItIs() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(1000)) {
                assertThatThrownBy(() -> sender.sendFile(file, -1, 1))
                        .hasMessage("position must be >= 0, was -1");
                assertThatThrownBy(() -> sender.sendFile(file, 0, -1))
                        .hasMessage("count must be >= 0, was -1");
                assertThatThrownBy(() -> sender.sendFile(file, 1, Long.MAX_VALUE))
                        .isInstanceOfSatisfying(
                                EndOfFileException.class,
                                e -> {
                                    assertThat(e.sent()).isZero();
                                    assertThat(e.expected()).isEqualTo(Long.MAX_VALUE);
                                });
            }
            FileChannel closed = sparse(1);
            closed.close();
            assertThatThrownBy(() -> sender.sendFile(closed, 0, 1))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> sender.sendFile(folder.resolve("none")))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(NoSuchFileException.class);
            assertThatThrownBy(() -> sender.sendFile(folder))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("is no regular file");
            sender.write("still of use\n");
            assertThat(receiver.readLine()).isEqualTo("still of use");
        });
    }

    @AsyncTest
    void nobodyElseWritesMeanwhile() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(30_000_000)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, file.size()));
                awaitStall(receiver);
                assertThatThrownBy(() -> sender.write("x")).isInstanceOf(BusyException.class);
                assertThatThrownBy(sender::flush).isInstanceOf(BusyException.class);
                assertThatThrownBy(() -> sender.sendFile(file, 0, 1))
                        .isInstanceOf(BusyException.class);
                receiver.readExactly(29_999_999);
                await(sending);
                sender.write("y");
                assertThat(receiver.read()).containsExactly('y');
            }
        });
    }

    @AsyncTest
    void cancellingAbortsTheStreamAndLeavesTheFileOpen() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(MUCH)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, MUCH));
                awaitStall(receiver);
                sending.cancel();
                assertThatThrownBy(() -> await(sending)).isInstanceOf(CancellationException.class);
                assertThat(file.isOpen()).isTrue();
                assertThat(sender.isOpen()).isFalse();
                assertThatThrownBy(() -> drain(receiver))
                        .isInstanceOf(BrokenConnectionException.class);
            }
        });
    }

    @AsyncTest
    void cancelledBeforeTheFirstByteNothingHasHappened() throws Exception {
        Path path = file(random(1000));
        both((sender, receiver) -> {
            Task<Long> sending = async(() -> sender.sendFile(path));
            Async.yieldNow(); // it opens the file
            sending.cancel();
            assertThatThrownBy(() -> await(sending)).isInstanceOf(CancellationException.class);
            sender.write("x");
            assertThat(receiver.read()).containsExactly('x');
        });
    }

    @AsyncTest
    void cancellingWaitsForAReadAndDoesNotInterruptIt() throws Exception {
        both((sender, receiver) -> {
            try (GatedFile file = new GatedFile(1000)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, 1000));
                Async.offload(() -> file.reading.await());
                for (int times = 0; times < 3; times++) {
                    sending.cancel();
                    Async.sleep(Duration.ofMillis(20)); // it would have ended by now, or not
                    assertThat(sending.isDone()).isFalse();
                }
                file.gate.countDown();
                assertThatThrownBy(() -> await(sending)).isInstanceOf(CancellationException.class);
                assertThat(file.interrupted).isFalse();
                sender.sendFile(file, 0, 1000);
                sender.write("x");
                assertThat(receiver.readExactly(1001)[1000]).isEqualTo((byte) 'x');
            }
        });
    }

    @AsyncTest
    void thePeerOfAStreamThatIsClosedMeanwhileDoesNotTakeAPartForTheWhole() throws Exception {
        both((sender, receiver) -> {
            int first = 128 * 1024; // so much is read at a time
            try (GatedFile file = new GatedFile(1 << 20, first)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, 1 << 20));
                receiver.readExactly(first);
                Async.offload(() -> file.reading.await());
                sender.close();
                assertThatThrownBy(receiver::read).isInstanceOf(BrokenConnectionException.class);
                file.gate.countDown();
                assertThatThrownBy(() -> await(sending)).isInstanceOf(StreamClosedException.class);
            }
        });
    }

    @AsyncTest
    void aFileThatShrinksAbortsTheStream() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(MUCH)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, MUCH));
                awaitStall(receiver);
                file.truncate(1000);
                Task<?> draining = async(() -> drain(receiver));
                assertThatThrownBy(() -> await(sending))
                        .isInstanceOfSatisfying(
                                EndOfFileException.class,
                                e -> {
                                    assertThat(e.sent()).isBetween(1000L, MUCH - 1);
                                    assertThat(e.expected()).isEqualTo(MUCH);
                                })
                        .hasMessageContaining("the file has shrunk");
                assertThat(sender.isOpen()).isFalse();
                assertThatThrownBy(() -> await(draining))
                        .isInstanceOf(BrokenConnectionException.class);
            }
        });
    }

    @AsyncTest
    void aFileThatIsClosedAbortsTheStream() throws Exception {
        both((sender, receiver) -> {
            FileChannel file = sparse(MUCH);
            Task<?> sending = async(() -> sender.sendFile(file, 0, MUCH));
            awaitStall(receiver);
            file.close();
            Task<?> draining = async(() -> drain(receiver));
            assertThatThrownBy(() -> await(sending))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(ClosedChannelException.class);
            assertThatThrownBy(() -> await(draining)).isInstanceOf(BrokenConnectionException.class);
        });
    }

    @AsyncTest
    void aPeerThatGoesEndsIt() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(MUCH)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, MUCH));
                awaitStall(receiver);
                receiver.abort();
                assertThatThrownBy(() -> await(sending))
                        .isInstanceOf(BrokenConnectionException.class);
            }
        });
    }

    @AsyncTest
    void aPeerThatTakesNothingTimesItOut() throws Exception {
        TcpOptions options = TcpOptions.defaults().writeIdleTimeout(Duration.ofMillis(120));
        both(
                options,
                (sender, receiver) -> {
                    try (FileChannel file = sparse(MUCH)) {
                        assertThatThrownBy(() -> sender.sendFile(file, 0, MUCH))
                                .isInstanceOf(TimedOutException.class)
                                .hasMessageContaining("the stream is aborted");
                        assertThat(sender.isOpen()).isFalse();
                        assertThatThrownBy(() -> drain(receiver))
                                .isInstanceOf(BrokenConnectionException.class);
                    }
                });
    }

    @AsyncTest(seconds = 60)
    void muchIsSentAtFlatMemory() throws Exception {
        both((sender, receiver) -> {
            try (FileChannel file = sparse(MUCH)) {
                Task<?> sending = async(() -> sender.sendFile(file, 0, MUCH));
                long least = Long.MAX_VALUE;
                long most = 0;
                long received = 0;
                for (int i = 1; i <= 4; i++) {
                    while (received < i * MUCH / 4) {
                        received += receiver.readView().length();
                    }
                    long used = usedBytes();
                    least = Math.min(least, used);
                    most = Math.max(most, used);
                }
                await(sending);
                System.out.printf(
                        "256 MiB of a file over %s: %.1f MiB in use, varying by %.1f MiB%n",
                        sender.tls() == null ? "TCP" : "TLS",
                        most / 1048576.0,
                        (most - least) / 1048576.0);
                assertThat(most - least).isLessThan(MUCH / 16);
            }
        });
    }

    /** Of the heap after a collection, of Netty's allocator and of the JDK's buffers. */
    private static long usedBytes() {
        System.gc();
        long netty =
                ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT)
                        .metric()
                        .usedDirectMemory();
        List<BufferPoolMXBean> pools = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class);
        return netty
                + pools.stream().mapToLong(BufferPoolMXBean::getMemoryUsed).sum()
                + ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
