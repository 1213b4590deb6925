package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.UnhandledFailure;
import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Servers: their connections' tasks, and their own end. */
class TcpServerTest {
    @AsyncTest
    void aTakenPortIsAnErrorThatNamesIt() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            assertThatThrownBy(() -> Tcp.listen("127.0.0.1", server.port(), TcpEchoTest::echo))
                    .isInstanceOfSatisfying(
                            AddressInUseException.class,
                            e -> assertThat(e.port()).isEqualTo(server.port()))
                    .hasMessageContaining("127.0.0.1")
                    .hasMessageContaining("another port");
        }
    }

    @AsyncTest
    void aPortIsFreeOnceItsServerHasClosed() {
        int port;
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            port = server.port();
        }
        try (Server server = Tcp.listen("127.0.0.1", port, TcpEchoTest::echo)) {
            assertThat(server.port()).isEqualTo(port);
        }
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", port))
                .isInstanceOfSatisfying(
                        ConnectRefusedException.class, e -> assertThat(e.port()).isEqualTo(port));
    }

    @AsyncTest
    void aNameWithoutAnAddressIsItsOwnError() {
        assertThatThrownBy(() -> Tcp.connect("nosuchhost.invalid", 80))
                .isInstanceOfSatisfying(
                        HostNotFoundException.class,
                        e -> assertThat(e.host()).isEqualTo("nosuchhost.invalid"));
        assertThatThrownBy(() -> Tcp.listen("nosuchhost.invalid", 0, TcpEchoTest::echo))
                .isInstanceOf(HostNotFoundException.class);
    }

    @AsyncTest
    void portsOutOfRangeAreRefused() {
        for (int port : new int[] {-1, 65_536}) {
            assertThatThrownBy(() -> Tcp.connect("127.0.0.1", port))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Tcp.listen("127.0.0.1", port, TcpEchoTest::echo))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @AsyncTest
    void aCancelledConnectLeavesNothingOpen() {
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            for (int i = 0; i < 50; i++) {
                Task<ByteStream> connecting = async(() -> Tcp.connect("127.0.0.1", server.port()));
                for (int n = 0; n < i % 5; n++) {
                    Async.yieldNow();
                }
                if (!connecting.cancel()) {
                    await(connecting).close();
                    continue;
                }
                try {
                    await(connecting).close();
                } catch (java.util.concurrent.CancellationException e) {
                    assertThat(connecting.isCancelled()).isTrue();
                }
            }
        }
    }

    @AsyncTest
    void aHandlersOwnTasksEndWithIt() {
        Promise<Boolean> ended = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> {
                                    async(() -> {
                                        try {
                                            stream.write("started");
                                            await(Promise.create());
                                        } finally {
                                            ended.complete(stream.isOpen());
                                        }
                                    });
                                    stream.read();
                                });
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            stream.readExactly(7);
            stream.write("end");
            assertThat(await(ended)).isTrue(); // before the stream is closed
            assertThat(stream.read()).isNull();
        }
    }

    @AsyncTest(unhandled = true)
    void aFailingHandlerEndsItsConnectionAloneAndIsReportedOnce() {
        List<UnhandledFailure> reports = new ArrayList<>();
        Loop.current().onUnhandled(reports::add);
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> {
                                    byte[] first = stream.read();
                                    if (first != null && first[0] == '!') {
                                        throw new IllegalStateException("oh");
                                    }
                                    stream.write(first);
                                });
                ByteStream good = Tcp.connect("127.0.0.1", server.port());
                ByteStream bad = Tcp.connect("127.0.0.1", server.port())) {
            bad.write("!");
            assertThat(bad.read()).isNull();
            good.write("x");
            assertThat(good.read()).containsExactly('x');
        }
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).hasMessage("oh"))
                .satisfies(r -> assertThat(r.message()).contains("ByteStream["));
    }

    @AsyncTest
    void aResetByThePeerIsNotReported() {
        Promise<Throwable> seen = Promise.create();
        try (Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            try {
                                stream.read();
                            } catch (Throwable e) {
                                seen.complete(e);
                                throw e;
                            }
                        })) {
            ByteStream stream = Tcp.connect("127.0.0.1", server.port());
            stream.flush();
            stream.abort();
            assertThat(await(seen)).isInstanceOf(BrokenConnectionException.class);
        }
    }

    @AsyncTest
    void closingCancelsHandlersAndAwaitsThem() {
        List<String> order = new ArrayList<>();
        Promise<Void> started = Promise.create();
        Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            started.complete(null);
                            try {
                                stream.read();
                            } catch (CancelledError e) {
                                Async.sleep(Duration.ofMillis(20));
                                stream.write("bye");
                                order.add("handler");
                                throw e;
                            }
                        });
        ByteStream stream = Tcp.connect("127.0.0.1", server.port());
        await(started);
        Task<?> waiting = async(server::awaitClosed);
        server.close();
        order.add("closed");
        await(waiting);
        assertThat(order).containsExactly("handler", "closed");
        assertThat(stream.readExactly(3)).asString().isEqualTo("bye");
        assertThat(stream.read()).isNull();
        stream.close();
        server.close();
        server.awaitClosed();
    }

    @AsyncTest
    void aHandlerMayCloseItsServer() {
        Server[] server = new Server[1];
        server[0] =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            stream.read();
                            server[0].close();
                        });
        try (ByteStream stream = Tcp.connect("127.0.0.1", server[0].port())) {
            stream.write("x");
            assertThat(stream.read()).isNull();
            server[0].awaitClosed();
        }
    }

    @AsyncTest
    void aServerClosesWithTheScopeInWhichItWasOpened() {
        int port =
                Async.scope(_ -> {
                    Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
                    ByteStream stream = Tcp.connect("127.0.0.1", server.port());
                    stream.write("x");
                    stream.read();
                    stream.close();
                    return server.port();
                });
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", port))
                .isInstanceOf(ConnectRefusedException.class);
    }

    @AsyncTest
    void aServerWhoseTaskNeverRanIsClosedAllTheSame() {
        Server[] server = new Server[1];
        Async.<Void>scope(scope -> {
            server[0] = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
            return null;
        });
        server[0].awaitClosed();
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", server[0].port()))
                .isInstanceOf(ConnectRefusedException.class);
    }

    @AsyncTest(leavesTasks = true)
    void aServerLeftOpenIsClosedByRun() {
        Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo);
        ByteStream stream = Tcp.connect("127.0.0.1", server.port());
        stream.write("x");
        assertThat(stream.read()).hasSize(1);
    }

    @AsyncTest
    void drainingLetsHandlersEndAndAcceptsNobody() {
        List<String> log = new ArrayList<>();
        Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            stream.write("hello");
                            stream.read();
                            stream.write("bye");
                            log.add("served");
                        });
        ByteStream client = Tcp.connect("127.0.0.1", server.port());
        assertThat(client.readExactly(5)).hasSize(5);
        Task<?> draining = async(() -> server.drain(Duration.ofSeconds(Long.MAX_VALUE)));
        while (true) { // until it has stopped accepting
            try (ByteStream late = Tcp.connect("127.0.0.1", server.port())) {
                late.read();
            } catch (ConnectRefusedException e) {
                break;
            } catch (ConnectFailedException | BrokenConnectionException e) {
                Async.yieldNow(); // it closed just then
            }
        }
        assertThat(draining.isDone()).isFalse();
        client.write("done");
        assertThat(client.readAll(10)).isEqualTo("bye".getBytes());
        await(draining);
        assertThat(log).contains("served");
        client.close();
        server.drain(Duration.ZERO);
    }

    @AsyncTest
    void closingCutsTheGraceOfDrainingShort() {
        List<String> log = new ArrayList<>();
        Server server = listenForEver(log);
        try (ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(client.readExactly(5)).hasSize(5);
            Task<?> draining = async(() -> server.drain(Duration.ofHours(1)));
            Async.yieldNow();
            server.close();
            assertThat(log).containsExactly("cancelled");
            await(draining);
        }
    }

    @AsyncTest
    void aShorterGraceCutsALongerOneShort() {
        List<String> log = new ArrayList<>();
        Server server = listenForEver(log);
        try (ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(client.readExactly(5)).hasSize(5);
            Task<?> draining = async(() -> server.drain(Duration.ofHours(1)));
            Async.yieldNow();
            Task<?> longer = async(() -> server.drain(Duration.ofHours(2)));
            server.drain(Duration.ofMillis(20));
            assertThat(log).containsExactly("cancelled");
            await(draining);
            await(longer);
        }
    }

    private static Server listenForEver(List<String> log) {
        return Tcp.listen(
                "127.0.0.1",
                0,
                stream -> {
                    try {
                        stream.write("hello");
                        stream.read();
                    } catch (CancelledError e) {
                        log.add("cancelled");
                        throw e;
                    }
                });
    }

    @AsyncTest
    void afterTheGraceHandlersAreCancelled() {
        List<String> log = new ArrayList<>();
        Server server = listenForEver(log);
        try (ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            assertThat(client.readExactly(5)).hasSize(5);
            server.drain(Duration.ofMillis(20));
            assertThat(log).containsExactly("cancelled");
            assertThat(client.read()).isNull();
        }
        assertThatThrownBy(() -> server.drain(Duration.ofMillis(-1)))
                .hasMessage("grace must be >= 0, was PT-0.001S");
    }

    @AsyncTest
    void closingClientsSendsWhatWasWrittenAndReportsNothing() {
        List<Throwable> seen = new ArrayList<>();
        Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            try {
                                stream.write(new byte[300_000]);
                                stream.read();
                            } catch (Throwable e) {
                                seen.add(e);
                                throw e;
                            }
                        });
        try (server;
                ByteStream one = Tcp.connect("127.0.0.1", server.port());
                ByteStream two = Tcp.connect("127.0.0.1", server.port())) {
            one.readExactly(200_000);
            two.readExactly(200_000);
            assertThat(server.connections()).isEqualTo(2);
            server.closeClients();
            server.closeClients();
            assertThat(one.readAll(200_000)).hasSize(100_000);
            assertThat(two.readAll(200_000)).hasSize(100_000);
            while (server.connections() > 0) {
                Async.yieldNow();
            }
            assertThat(seen).hasSize(2).allMatch(e -> e instanceof StreamClosedException);
            try (ByteStream three = Tcp.connect("127.0.0.1", server.port())) {
                assertThat(three.readExactly(1)).hasSize(1); // it goes on to accept
            }
        }
        server.closeClients();
        server.abortClients();
        assertThat(server.connections()).isZero();
    }

    @AsyncTest
    void abortingClientsResetsThemAndReportsNothing() {
        Promise<Void> waiting = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> {
                                    waiting.complete(null);
                                    stream.write(new byte[50_000_000]);
                                });
                ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            await(waiting);
            server.abortClients();
            assertThatThrownBy(() -> client.readAll(100_000_000))
                    .isInstanceOf(BrokenConnectionException.class)
                    .hasMessageContaining("reset");
        }
    }

    @AsyncTest(unhandled = true)
    void aHandlerThatFailsOtherwiseAfterItsStreamWasClosedIsReported() {
        List<UnhandledFailure> reports = new ArrayList<>();
        Loop.current().onUnhandled(reports::add);
        Promise<Void> waiting = Promise.create();
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                stream -> {
                                    waiting.complete(null);
                                    try {
                                        stream.read();
                                    } catch (StreamClosedException e) {
                                        throw new IllegalStateException("oh", e);
                                    }
                                });
                ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            await(waiting);
            server.closeClients();
            assertThat(client.read()).isNull();
        }
        assertThat(reports)
                .singleElement()
                .satisfies(r -> assertThat(r.failure()).hasMessage("oh"));
    }

    @AsyncTest
    void closingClientsCutsADrainShort() {
        Promise<Void> waiting = Promise.create();
        Server server =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        stream -> {
                            waiting.complete(null);
                            stream.read();
                        });
        try (ByteStream client = Tcp.connect("127.0.0.1", server.port())) {
            await(waiting);
            Task<?> draining = async(() -> server.drain(Duration.ofHours(1)));
            Async.yieldNow();
            server.closeClients();
            await(draining);
            assertThat(client.read()).isNull();
        }
    }
}
