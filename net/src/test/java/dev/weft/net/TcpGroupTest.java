package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.LoopGroup;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.Transport;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A server on every loop of a group. */
@Timeout(60)
class TcpGroupTest {
    private static final String LOOPS = "dev.weft.net.SocketTransportsTest#loops";

    private static LoopOptions options(Transport transport, SchedulerMode mode) {
        return LoopOptions.defaults().transport(transport).scheduler(mode).name("group");
    }

    private static LoopGroup group(Transport transport, SchedulerMode mode) {
        return LoopGroup.open(3, options(transport, mode));
    }

    private static void nameOfLoop(ByteStream stream) {
        stream.write(Loop.current().name() + "\n");
        stream.read();
    }

    private static Server listen(LoopGroup group, StreamHandler handler) {
        return Tcp.listen(group, "127.0.0.1", 0, TcpOptions.defaults(), handler);
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void everyLoopServes(Transport transport, SchedulerMode mode) {
        try (LoopGroup group = group(transport, mode);
                Loop caller = Loop.open(options(transport, mode).name("caller"))) {
            caller.run(() -> {
                try (Server server = listen(group, TcpGroupTest::nameOfLoop)) {
                    Map<String, Integer> served = new TreeMap<>();
                    List<ByteStream> streams = new ArrayList<>();
                    for (int i = 0; i < 60; i++) {
                        ByteStream stream = Tcp.connect("127.0.0.1", server.port());
                        served.merge(stream.readLine(), 1, Integer::sum);
                        streams.add(stream);
                    }
                    assertThat(served).containsOnlyKeys("group-1", "group-2", "group-3");
                    if (transport == Transport.NIO) {
                        assertThat(served.values()).containsOnly(20); // in turn
                    }
                    assertThat(server.connections()).isEqualTo(60);
                    streams.forEach(ByteStream::close);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void aTakenPortIsAnErrorThoughBothWouldShareIt(Transport transport, SchedulerMode mode) {
        try (LoopGroup group = group(transport, mode);
                LoopGroup other = group(transport, mode)) {
            group.loops()
                    .get(1)
                    .run(() -> {
                        try (Server server = listen(group, TcpGroupTest::nameOfLoop)) {
                            for (LoopGroup any : List.of(group, other)) {
                                assertThatThrownBy(() ->
                                                Tcp.listen(
                                                        any,
                                                        "127.0.0.1",
                                                        server.port(),
                                                        TcpOptions.defaults(),
                                                        TcpGroupTest::nameOfLoop))
                                        .isInstanceOf(AddressInUseException.class);
                            }
                            assertThatThrownBy(() ->
                                            Tcp.listen(
                                                    "127.0.0.1",
                                                    server.port(),
                                                    TcpGroupTest::nameOfLoop))
                                    .isInstanceOf(AddressInUseException.class);
                        }
                    });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void aLoopThatCannotServeLeavesNothingBehind(Transport transport, SchedulerMode mode) {
        try (LoopGroup group = group(transport, mode)) {
            group.loops().get(2).close();
            group.loops()
                    .get(0)
                    .run(() -> {
                        int port;
                        try (ServerSocket probe = new ServerSocket(0)) {
                            port = probe.getLocalPort();
                        }
                        assertThatThrownBy(() ->
                                        Tcp.listen(
                                                group,
                                                "127.0.0.1",
                                                port,
                                                TcpOptions.defaults(),
                                                TcpGroupTest::nameOfLoop))
                                .isInstanceOf(IllegalStateException.class)
                                .hasMessageContaining("group-3 is closed");
                        listenAgain(port);
                        while (Loop.current().statistics().tasks() > 1) {
                            Async.yieldNow();
                        }
                    });
        }
    }

    /**
     * At once with epoll; on NIO the JDK closes a socket at the selector's next turn, and io_uring
     * does so by itself.
     */
    static void listenAgain(int port) {
        while (true) {
            try (Server server = Tcp.listen("127.0.0.1", port, TcpGroupTest::nameOfLoop)) {
                assertThat(server.port()).isEqualTo(port);
                return;
            } catch (AddressInUseException e) {
                assertThat(Loop.current().transport()).isNotEqualTo(Transport.EPOLL);
                Async.yieldNow();
            }
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void closingCancelsHandlersOfAllLoopsAndAwaitsThem(Transport transport, SchedulerMode mode) {
        Queue<String> cancelled = new ConcurrentLinkedQueue<>();
        try (LoopGroup group = group(transport, mode);
                Loop caller = Loop.open(options(transport, mode).name("caller"))) {
            caller.run(() -> {
                Server server = listen(group, stream -> untilCancelled(stream, cancelled));
                List<ByteStream> streams = connect(server, 20);
                server.close();
                assertThat(cancelled).hasSize(20);
                assertThat(server.connections()).isZero();
                for (ByteStream stream : streams) {
                    assertThat(stream.readLine()).isEqualTo("bye");
                    assertThat(stream.readLine()).isNull();
                    stream.close();
                }
                assertThatThrownBy(() -> Tcp.connect("127.0.0.1", server.port()))
                        .isInstanceOf(ConnectRefusedException.class);
                server.close();
            });
            for (Loop loop : group.loops()) {
                assertThat(loop.statistics().tasks()).isZero();
            }
        }
    }

    private static void untilCancelled(ByteStream stream, Queue<String> cancelled) {
        stream.write("hello\n");
        try {
            stream.read();
        } catch (CancelledError e) {
            cancelled.add(Loop.current().name());
            stream.write("bye\n");
            throw e;
        }
    }

    /** Connected, and greeted. */
    private static List<ByteStream> connect(Server server, int count) {
        List<ByteStream> streams = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteStream stream = Tcp.connect("127.0.0.1", server.port());
            assertThat(stream.readLine()).isEqualTo("hello");
            streams.add(stream);
        }
        return streams;
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void theEndOfItsScopeClosesIt(Transport transport, SchedulerMode mode) {
        Queue<String> cancelled = new ConcurrentLinkedQueue<>();
        try (LoopGroup group = group(transport, mode);
                Loop caller = Loop.open(options(transport, mode).name("caller"))) {
            caller.run(() -> {
                List<ByteStream> streams =
                        Async.scope(
                                _ -> connect(listen(group, s -> untilCancelled(s, cancelled)), 9));
                assertThat(cancelled).hasSize(9);
                for (ByteStream stream : streams) {
                    assertThat(stream.readLine()).isEqualTo("bye");
                    stream.close();
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void drainingAndClosingClientsReachAllLoops(Transport transport, SchedulerMode mode) {
        Queue<Throwable> ends = new ConcurrentLinkedQueue<>();
        try (LoopGroup group = group(transport, mode)) {
            group.loops().forEach(loop -> loop.onUnhandled(f -> ends.add(f.failure())));
            group.loops()
                    .get(0)
                    .run(() -> {
                        Server server =
                                listen(
                                        group,
                                        stream -> {
                                            stream.write("hello\n");
                                            stream.read();
                                        });
                        List<ByteStream> streams = connect(server, 20);
                        server.abortClients();
                        for (ByteStream stream : streams) {
                            assertThatThrownBy(stream::read)
                                    .isInstanceOf(BrokenConnectionException.class);
                            stream.close();
                        }
                        streams = connect(server, 20);
                        Task<?> draining = async(() -> server.drain(Duration.ofHours(1)));
                        streams.getFirst().write("x");
                        assertThat(streams.getFirst().read()).isNull();
                        assertThat(draining.isDone()).isFalse();
                        server.closeClients();
                        for (ByteStream stream : streams) {
                            assertThat(stream.read()).isNull();
                            stream.close();
                        }
                        await(draining);
                    });
        }
        assertThat(ends).isEmpty();
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void theLimitOfConnectionsIsOneOfAllLoopsTogether(Transport transport, SchedulerMode mode) {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        TcpOptions options = TcpOptions.defaults().maxConnections(4);
        try (LoopGroup group = group(transport, mode);
                Loop caller = Loop.open(options(transport, mode).name("caller"))) {
            caller.run(() -> {
                try (Server server =
                        Tcp.listen(
                                group,
                                "127.0.0.1",
                                0,
                                options,
                                stream -> {
                                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                    stream.write(stream.read());
                                    stream.read();
                                    now.decrementAndGet();
                                })) {
                    List<Task<byte[]>> clients = new ArrayList<>();
                    for (int i = 0; i < 200; i++) {
                        clients.add(
                                async(() -> {
                                    try (var s = Tcp.connect("127.0.0.1", server.port())) {
                                        s.write("x");
                                        return s.readExactly(1);
                                    }
                                }));
                    }
                    for (Task<byte[]> client : clients) {
                        assertThat(await(client)).hasSize(1);
                    }
                    assertThat(most.get()).isBetween(1, 4);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void itClosesWithOneOfItsLoops(Transport transport, SchedulerMode mode) {
        for (int closed = 0; closed < 3; closed++) {
            try (LoopGroup group = group(transport, mode);
                    Loop caller = Loop.open(options(transport, mode).name("caller"))) {
                Loop loop = group.loops().get(closed);
                caller.run(() -> {
                    Server server =
                            listen(
                                    group,
                                    stream -> {
                                        stream.write("hello\n");
                                        stream.read();
                                    });
                    List<ByteStream> streams = connect(server, 9);
                    Async.offload(loop::close);
                    server.awaitClosed();
                    for (ByteStream stream : streams) {
                        try {
                            assertThat(stream.read()).isNull();
                        } catch (BrokenConnectionException e) {
                            assertThat(e).hasMessageContaining("reset");
                        }
                        stream.close();
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void anExample(Transport transport, SchedulerMode mode) {
        try (Loop caller = Loop.open(options(transport, mode).name("caller"))) {
            caller.run(() -> {
                // @start region="group"
                try (LoopGroup group = LoopGroup.open();
                        Server server =
                                Tcp.listen(
                                        group,
                                        "127.0.0.1",
                                        0,
                                        TcpOptions.defaults(),
                                        stream -> {
                                            for (String line : stream.lines()) {
                                                stream.write(line + "\n");
                                            }
                                        })) {
                    // @end
                    try (ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                        stream.write("hello\n");
                        assertThat(stream.readLine()).isEqualTo("hello");
                    }
                    // @start region="group"
                }
                // @end
            });
        }
    }
}
