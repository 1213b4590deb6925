package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Action;
import dev.weft.Async;
import dev.weft.DeadlineExceededException;
import dev.weft.Event;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Each thing that waits, cancelled and out of time while it waits, many times: no descriptor, task
 * or buffer is left, and what was sent is what its Javadoc says.
 */
@EnabledOnOs(OS.LINUX)
class CancelEverywhereTest {
    private static final int TIMES = Boolean.getBoolean("weft.long") ? 300 : 10;
    private static final int MUCH = 12_000_000;
    private static final TcpOptions BOUNDED = Wire.bounded(TcpOptions.defaults());

    /** Ends it after some turns of the loop, or by a time limit, each every other time. */
    private static void endAll(Action action) throws Exception {
        for (int i = 0; i < TIMES; i++) {
            end(action, i);
        }
    }

    private static void end(Action action, int i) throws Exception {
        if (i % 2 == 0) {
            Task<Void> task = async(action);
            for (int turn = 0; turn <= i; turn++) {
                Async.yieldNow();
            }
            task.cancel();
            try {
                await(task);
                throw new AssertionError("it did not wait");
            } catch (CancellationException e) {
                assertThat(task.isCancelled()).isTrue();
            }
        } else {
            try {
                Async.timeout(Duration.ofNanos(i * 100_000L), action);
                throw new AssertionError("it did not wait");
            } catch (DeadlineExceededException e) {
                assertThat(e).isNotNull();
            }
        }
    }

    @AsyncTest(seconds = 60)
    void lookingUp() throws Exception {
        try (DnsServer names = DnsServer.start()) {
            names.silent = true;
            int before = Descriptors.open();
            TcpOptions options = TcpOptions.defaults().resolver(Resolver.dns(names.options()));
            endAll(() -> Tcp.connect("nobody.test", 80, options));
            Descriptors.awaitAtMost(before);
        }
    }

    @AsyncTest(seconds = 60)
    void connecting() throws Exception {
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SocketChannel one = fill(full);
                SocketChannel two = fill(full);
                SocketChannel three = fill(full)) {
            assertThat(List.of(one, two, three)).isNotEmpty();
            int before = Descriptors.open();
            endAll(() -> Tcp.connect("127.0.0.1", full.getLocalPort()));
            Descriptors.awaitAtMost(before);
        }
    }

    /** What finds a full backlog is not answered. */
    private static SocketChannel fill(ServerSocket server) throws IOException {
        var channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.connect(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));
        return channel;
    }

    /** Runs it with a server that reads nothing, and what it has sent is dropped in the end. */
    private interface WithSilent {
        void run(Server server) throws Exception;
    }

    private static void withSilent(WithSilent body) throws Exception {
        int before = Descriptors.open();
        try (Server server =
                Tcp.listen("127.0.0.1", 0, BOUNDED, stream -> Async.sleep(Duration.ofHours(1)))) {
            body.run(server);
        }
        Descriptors.awaitAtMost(before);
    }

    @AsyncTest(seconds = 60)
    void handshaking() throws Exception {
        TcpOptions options = TcpOptions.defaults().tls(ClientTls.defaults().trust(Certs.TRUST));
        try (Server server =
                Tcp.listen("127.0.0.1", 0, stream -> Async.sleep(Duration.ofHours(1)))) {
            // The first handshake opens files that stay open, such as the source of random numbers.
            end(() -> Tcp.connect("127.0.0.1", server.port(), options), 1001);
        }
        withSilent(server -> {
            endAll(() -> Tcp.connect("127.0.0.1", server.port(), options));
        });
    }

    @AsyncTest(seconds = 60)
    void closing() throws Exception {
        withSilent(server -> {
            for (int i = 0; i < TIMES; i++) {
                ByteStream stream = Tcp.connect("127.0.0.1", server.port(), BOUNDED);
                Task<?> writing = async(() -> stream.write(new byte[MUCH]));
                Async.yieldNow();
                writing.cancel();
                end(stream::close, i);
                assertThat(stream.isOpen()).isFalse(); // at once
            }
        });
    }

    @AsyncTest(seconds = 60)
    void flushing() throws Exception {
        withSilent(server -> {
            for (int i = 0; i < TIMES; i++) {
                ByteStream stream = Tcp.connect("127.0.0.1", server.port(), BOUNDED);
                end(() -> stream.write(new byte[MUCH]), 2 * i);
                end(stream::flush, i);
                end(stream::shutdownOutput, i);
                assertThat(stream.isOpen()).isTrue(); // the wait alone has ended
                stream.abort();
            }
        });
    }

    @AsyncTest(seconds = 60)
    void readingHasTakenNothing() throws Exception {
        int before = Descriptors.open();
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            endAll(stream::read);
            stream.write("12345");
            endAll(() -> stream.readExactly(6));
            endAll(() -> stream.readUntil("\n"));
            endAll(() -> stream.readAll(10));
            stream.write("6");
            assertThat(stream.readExactly(6)).asString().isEqualTo("123456");
        }
        Descriptors.awaitAtMost(before);
    }

    @AsyncTest(seconds = 60)
    void writingHasAcceptedAll() throws Exception {
        int before = Descriptors.open();
        int times = TIMES / 3;
        Event go = Event.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                BOUNDED,
                                stream -> {
                                    go.await();
                                    long sum = 0;
                                    for (ByteView v; (v = stream.readView()) != null; ) {
                                        sum += v.length();
                                    }
                                    stream.write(sum + "\n");
                                });
                ByteStream stream = Tcp.connect("127.0.0.1", server.port(), BOUNDED)) {
            for (int i = 0; i < times; i++) { // the first fills all buffers, so that each waits
                byte[] bytes = new byte[i == 0 ? MUCH : 100_000];
                end(() -> stream.write(bytes), i);
            }
            go.set();
            stream.shutdownOutput();
            long sent = MUCH + (times - 1) * 100_000L;
            assertThat(stream.readLine()).isEqualTo(String.valueOf(sent));
        }
        Descriptors.awaitAtMost(before);
    }
}
