package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.testkit.AsyncTest;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link TcpOptions#maxConnections}: who comes beyond it waits, and is served. */
@Timeout(60)
class ConnectionLimitTest {
    private static final String LOOPS = "dev.weft.net.SocketTransportsTest#loops";

    @TempDir Path folder;

    /** Counts handlers, which answer one line each. */
    private static final class Crowd implements StreamHandler {
        final AtomicInteger now = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        final List<String> order = new ArrayList<>();

        @Override
        public void handle(ByteStream stream) {
            most.accumulateAndGet(now.incrementAndGet(), Math::max);
            try {
                String line = stream.readLine();
                order.add(line);
                stream.write("hello " + line + "\n");
                assertThat(stream.readLine()).isNull();
            } finally {
                now.decrementAndGet();
            }
        }
    }

    private static Loop open(Transport transport, SchedulerMode mode) {
        return Loop.open(LoopOptions.defaults().transport(transport).scheduler(mode));
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void clientsBeyondTheLimitWaitAndAreServedInOrder(Transport transport, SchedulerMode mode) {
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> {
                Crowd crowd = new Crowd();
                TcpOptions options = TcpOptions.defaults().maxConnections(3);
                try (Server server = Tcp.listen("127.0.0.1", 0, options, crowd)) {
                    crowd(
                            60,
                            3,
                            crowd,
                            server::connections,
                            _ -> Tcp.connect("127.0.0.1", server.port()));
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void unixSocketsHaveItToo(Transport transport, SchedulerMode mode) {
        Path path = folder.resolve("s");
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> {
                Crowd crowd = new Crowd();
                UnixOptions options = UnixOptions.defaults().maxConnections(2);
                assertThat(options.maxConnections()).isEqualTo(2);
                try (Server server = Unix.listen(UnixAddress.of(path), options, crowd)) {
                    crowd(40, 2, crowd, server::connections, _ -> Unix.connect(path));
                }
            });
        }
    }

    /** All connect, then each in turn is served, for nobody leaves before. */
    private static void crowd(
            int clients,
            int limit,
            Crowd crowd,
            IntSupplier connections,
            IntFunction<ByteStream> connect) {
        List<ByteStream> streams = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
            ByteStream stream = connect.apply(i);
            stream.write(i + "\n");
            streams.add(stream);
        }
        for (int i = 0; i < clients; i++) {
            ByteStream stream = streams.get(i);
            assertThat(stream.readLine()).isEqualTo("hello " + i);
            assertThat(connections.getAsInt()).isLessThanOrEqualTo(limit);
            if (i == clients / 2) {
                stream.abort(); // ends as well as any
            } else {
                stream.close();
            }
        }
        assertThat(crowd.most).hasValue(limit);
        assertThat(crowd.order).hasSize(clients);
        for (int i = 0; i + limit < clients; i++) { // those in at the same time may change places
            assertThat(Integer.parseInt(crowd.order.get(i))).isBetween(i - limit, i + limit);
        }
        while (connections.getAsInt() > 0) {
            Async.yieldNow();
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void manyThatComeAtOnceAreAllServed(Transport transport, SchedulerMode mode) {
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> {
                Crowd crowd = new Crowd();
                TcpOptions options = TcpOptions.defaults().maxConnections(7);
                try (Server server = Tcp.listen("127.0.0.1", 0, options, crowd)) {
                    List<Task<String>> clients = new ArrayList<>();
                    for (int i = 0; i < 300; i++) {
                        String name = "client " + i;
                        clients.add(
                                async(() -> {
                                    try (var stream = Tcp.connect("127.0.0.1", server.port())) {
                                        stream.write(name + "\n");
                                        return stream.readLine();
                                    }
                                }));
                    }
                    for (int i = 0; i < 300; i++) {
                        assertThat(await(clients.get(i))).isEqualTo("hello client " + i);
                    }
                    assertThat(crowd.most.get()).isBetween(1, 7);
                }
            });
        }
    }

    @ParameterizedTest
    @MethodSource(LOOPS)
    void closingEndsThoseThatWaitToo(Transport transport, SchedulerMode mode) {
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> {
                Crowd crowd = new Crowd();
                TcpOptions options = TcpOptions.defaults().maxConnections(1);
                Server server = Tcp.listen("127.0.0.1", 0, options, crowd);
                List<ByteStream> streams = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    streams.add(Tcp.connect("127.0.0.1", server.port()));
                }
                streams.getFirst().write("x\n");
                assertThat(streams.getFirst().readLine()).isEqualTo("hello x");
                server.close();
                assertThat(crowd.most).hasValue(1);
                for (ByteStream stream : streams) {
                    try {
                        assertThat(stream.read()).isNull();
                    } catch (BrokenConnectionException e) {
                        assertThat(e).hasMessageContaining("reset"); // as the kernel's backlog does
                    }
                    stream.abort();
                }
                TcpGroupTest.listenAgain(server.port());
            });
        }
    }

    @AsyncTest
    void aConnectionThatNeverBecomesOneGivesItsPlaceBack() {
        TcpOptions options =
                TcpOptions.defaults()
                        .maxConnections(1)
                        .proxyProtocol(ProxyProtocol.from("127.0.0.1/32"));
        try (Server server =
                Tcp.listen("127.0.0.1", 0, options, stream -> stream.write("served"))) {
            ByteStream silent = Tcp.connect("127.0.0.1", server.port());
            while (server.connections() == 0) {
                Async.yieldNow();
            }
            try (ByteStream other = Tcp.connect("127.0.0.1", server.port())) {
                other.write("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n");
                assertThat(server.connections()).isOne();
                silent.close();
                assertThat(other.readAll(10)).asString().isEqualTo("served");
            }
        }
    }

    @AsyncTest
    void aHandlerThatGoesOnKeepsItsPlaceThoughItsClientHasGone() {
        Promise<Void> goOn = Promise.create();
        List<String> log = new ArrayList<>();
        TcpOptions options = TcpOptions.defaults().maxConnections(1);
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        options,
                        stream -> {
                            log.add("began");
                            stream.write("hello");
                            if (!goOn.isDone()) {
                                await(goOn);
                            }
                            log.add("ended");
                        })) {
            ByteStream first = Tcp.connect("127.0.0.1", server.port());
            first.readExactly(5);
            first.abort();
            ByteStream second = Tcp.connect("127.0.0.1", server.port());
            assertThatThrownBy(
                            () -> Async.timeout(Duration.ofMillis(50), () -> second.readExactly(5)))
                    .isInstanceOf(dev.weft.DeadlineExceededException.class);
            assertThat(log).containsExactly("began");
            goOn.complete(null);
            assertThat(second.readExactly(5)).asString().isEqualTo("hello");
            second.close();
        }
        assertThat(log).startsWith("began", "ended", "began");
    }

    @AsyncTest
    void closedClientsMakeRoom() {
        TcpOptions options = TcpOptions.defaults().maxConnections(2);
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        options,
                        stream -> {
                            stream.write("in");
                            stream.read();
                        })) {
            List<ByteStream> streams = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                streams.add(Tcp.connect("127.0.0.1", server.port()));
            }
            for (int i = 0; i < 6; i += 2) {
                assertThat(streams.get(i).readExactly(2)).hasSize(2);
                assertThat(streams.get(i + 1).readExactly(2)).hasSize(2);
                if (i == 2) {
                    server.abortClients();
                } else {
                    server.closeClients();
                }
                for (ByteStream stream : List.of(streams.get(i), streams.get(i + 1))) {
                    try {
                        assertThat(stream.read()).isNull();
                        assertThat(i).isNotEqualTo(2);
                    } catch (UncheckedIOException e) {
                        assertThat(i).isEqualTo(2);
                    }
                    stream.close();
                }
            }
        }
    }

    @AsyncTest
    void theLimitIsChecked() {
        assertThatThrownBy(() -> TcpOptions.defaults().maxConnections(0))
                .hasMessage("maxConnections must be >= 1, was 0");
        assertThat(TcpOptions.defaults().maxConnections()).isEqualTo(Integer.MAX_VALUE);
    }
}
