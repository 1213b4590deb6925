package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.Promise;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.UnhandledFailure;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** Unix sockets: their files, their peers, and streams over them. */
class UnixTest {
    @TempDir Path folder;

    private Path path(String name) {
        return folder.resolve(name);
    }

    private List<String> files() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Leaves a socket file that nobody listens on, as a program that was killed does. */
    private static void leaveStale(Path path) throws IOException {
        try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(path));
        }
        assertThat(Files.exists(path)).isTrue();
    }

    private void echoes(Path path) {
        try (Server server = Unix.listen(path, TcpEchoTest::echo);
                ByteStream stream = Unix.connect(path)) {
            assertThat(files()).containsExactly(path.getFileName().toString());
            stream.write("hello");
            assertThat(stream.readExactly(5)).asString().isEqualTo("hello");
            stream.shutdownOutput();
            assertThat(stream.read()).isNull();
            assertThat(server.localAddress()).isEqualTo(UnixAddress.of(path));
        }
        assertThat(files()).isEmpty();
    }

    @AsyncTest
    void bytesComeBack() {
        // @start region="unix"
        Path path = folder.resolve("app.sock");
        try (Server server = Unix.listen(path, stream -> stream.write(stream.readLine()));
                ByteStream stream = Unix.connect(path)) {
            stream.write("hello\n");
            assertThat(stream.readAll(100)).asString().isEqualTo("hello");
            assertThat(server.localAddress()).hasToString(path.toString());
        }
        // @end
        echoes(path("s"));
    }

    @AsyncTest(transport = Transport.NIO)
    void bytesComeBackOnNio() {
        echoes(path("s"));
    }

    @AsyncTest
    void oneSideMayEndAloneAndTheOtherGoOn() {
        try (Server server =
                        Unix.listen(
                                path("s"),
                                stream -> {
                                    assertThat(stream.readAll(100)).asString().isEqualTo("all");
                                    stream.write("still open");
                                });
                ByteStream stream = Unix.connect(path("s"))) {
            stream.write("all");
            stream.shutdownOutput();
            assertThat(stream.readAll(100)).asString().isEqualTo("still open");
            assertThatThrownBy(() -> stream.write("x")).isInstanceOf(StreamClosedException.class);
            assertThat(server.toString()).contains(path("s").toString());
        }
    }

    @AsyncTest(transport = Transport.NIO)
    void oneSideMayEndAloneOnNio() {
        oneSideMayEndAloneAndTheOtherGoOn();
    }

    @AsyncTest
    void whatIsLargerThanAllBuffersComesBackWhole() {
        byte[] sent = new byte[3_000_000];
        for (int i = 0; i < sent.length; i++) {
            sent[i] = (byte) (i * 31 + i / 251);
        }
        try (Server server = Unix.listen(path("s"), TcpEchoTest::echo);
                ByteStream stream = Unix.connect(path("s"))) {
            Task<byte[]> received = async(() -> stream.readExactly(sent.length));
            stream.write(sent);
            assertThat(await(received)).isEqualTo(sent);
            assertThat(server.localAddress()).isNotNull();
        }
    }

    // ---- files

    @AsyncTest
    void aSocketFileThatNobodyListensOnIsReplaced() throws IOException {
        leaveStale(path("s"));
        echoes(path("s"));
    }

    @AsyncTest(transport = Transport.NIO)
    void aStaleFileIsReplacedOnNio() throws IOException {
        leaveStale(path("s"));
        echoes(path("s"));
    }

    @AsyncTest
    void oneThatSomebodyListensOnIsInUse() {
        try (Server server = Unix.listen(path("s"), TcpEchoTest::echo)) {
            assertThatThrownBy(() -> Unix.listen(path("s"), TcpEchoTest::echo))
                    .isInstanceOfSatisfying(
                            AddressInUseException.class,
                            e -> assertThat(e.host()).isEqualTo(path("s").toString()))
                    .hasMessageContaining("another path");
            try (ByteStream stream = Unix.connect(path("s"))) {
                stream.write("x");
                assertThat(stream.read()).hasSize(1);
            }
            assertThat(files()).containsExactly("s");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    @AsyncTest
    void anotherProgramsFullSocketIsInUseToo() throws IOException {
        try (ServerSocketChannel full = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            full.bind(UnixDomainSocketAddress.of(path("s")), 1);
            List<SocketChannel> waiting = fill(path("s"));
            assertThatThrownBy(() -> Unix.listen(path("s"), TcpEchoTest::echo))
                    .isInstanceOf(AddressInUseException.class);
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }

    private static List<SocketChannel> fill(Path path) throws IOException {
        List<SocketChannel> waiting = new ArrayList<>();
        try {
            for (; ; ) {
                SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(UnixDomainSocketAddress.of(path));
            }
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("temporarily unavailable");
        }
        return waiting;
    }

    @AsyncTest
    void aFileThatIsNoSocketIsNotTouched() throws IOException {
        Files.writeString(path("precious"), "data");
        Files.createSymbolicLink(path("link"), path("precious"));
        Files.createDirectory(path("folder"));
        for (String name : List.of("precious", "link", "folder")) {
            assertThatThrownBy(() -> Unix.listen(path(name), TcpEchoTest::echo))
                    .isInstanceOf(ListenFailedException.class)
                    .hasMessageContaining("no socket: remove it, or choose another path");
        }
        assertThat(Files.readString(path("link"))).isEqualTo("data");
        assertThat(files()).containsExactly("folder", "link", "precious");
    }

    @AsyncTest
    void aFileThatIsNoLongerOursStays() throws IOException {
        Server robbed = Unix.listen(path("s"), TcpEchoTest::echo);
        Files.delete(path("s"));
        Files.writeString(path("s"), "another's");
        robbed.close();
        assertThat(Files.readString(path("s"))).isEqualTo("another's");
        Files.delete(path("s"));
        Server first = Unix.listen(path("s"), TcpEchoTest::echo);
        Files.delete(path("s"));
        Server second = Unix.listen(path("s"), TcpEchoTest::echo);
        first.close();
        Unix.connect(path("s")).close();
        second.close();
        assertThat(files()).isEmpty();
    }

    @AsyncTest
    void theFileIsTheOwnersAloneUnlessAsked() throws IOException {
        try (Server server = Unix.listen(path("s"), TcpEchoTest::echo)) {
            assertThat(permissions("s")).isEqualTo("rw-------");
            assertThat(server.localAddress()).isNotNull();
        }
        UnixOptions wide =
                UnixOptions.defaults().permissions(PosixFilePermissions.fromString("rw-rw-rw-"));
        try (Server server = Unix.listen(UnixAddress.of(path("s")), wide, TcpEchoTest::echo)) {
            assertThat(permissions("s")).isEqualTo("rw-rw-rw-");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    private String permissions(String name) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path(name)));
    }

    @AsyncTest
    void placesThatCannotBeAreSaid() throws IOException {
        assertThatThrownBy(() -> Unix.listen(path("no/such/s"), TcpEchoTest::echo))
                .isInstanceOf(ListenFailedException.class)
                .hasMessageContaining("its folder does not exist");
        Path tooLong = path("x".repeat(100));
        for (var attempt :
                List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                        () -> Unix.listen(tooLong, TcpEchoTest::echo),
                        () -> Unix.connect(tooLong))) {
            assertThatThrownBy(attempt)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be <= 107 bytes, was ");
        }
        assertThatThrownBy(() -> UnixAddress.of(Path.of("")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(files()).isEmpty();
        int room = 107 - folder.toString().length() - 1;
        echoes(path("y".repeat(room)));
    }

    @AsyncTest
    void aServerHasNoPort() {
        try (Server server = Unix.listen(path("s"), TcpEchoTest::echo)) {
            assertThatThrownBy(server::port)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("listens on a Unix socket");
        }
    }

    @AsyncTest
    void theFileGoesWithTheScopeAndWithACancelledCaller() {
        Server[] left = new Server[1];
        Async.<Void>scope(_ -> {
            left[0] = Unix.listen(path("s"), TcpEchoTest::echo);
            return null;
        });
        left[0].awaitClosed();
        assertThat(files()).isEmpty();
        for (int turns = 0; turns < 40; turns++) {
            // In a scope of its own: a task may be cancelled when it has opened its server already.
            Task<Server> opening =
                    async(() -> Async.scope(_ -> Unix.listen(path("s"), TcpEchoTest::echo)));
            for (int i = 0; i < turns % 10; i++) {
                Async.yieldNow();
            }
            Async.sleep(Duration.ofNanos(turns * 50_000L));
            opening.cancel();
            try {
                await(opening).awaitClosed();
            } catch (CancellationException e) {
                assertThat(opening.isCancelled()).isTrue();
            }
            awaitNoFiles();
        }
    }

    /** What a cancelled caller had begun is undone by the event loop, a little later. */
    private void awaitNoFiles() {
        for (int i = 0; i < 2_000 && !files().isEmpty(); i++) {
            Async.sleep(Duration.ofMillis(1));
        }
        assertThat(files()).isEmpty();
    }

    // ---- connecting

    @AsyncTest
    void whereNobodyListensConnectingIsRefused() throws IOException {
        assertThatThrownBy(() -> Unix.connect(path("s")))
                .isInstanceOf(ConnectRefusedException.class)
                .hasMessageContaining("there is no such file: is the server running?");
        leaveStale(path("s"));
        assertThatThrownBy(() -> Unix.connect(path("s")))
                .isInstanceOfSatisfying(
                        ConnectRefusedException.class,
                        e -> assertThat(e.host()).isEqualTo(path("s").toString()))
                .hasMessageContaining("nobody listens there");
    }

    @AsyncTest(transport = Transport.NIO)
    void connectingIsRefusedOnNioToo() throws IOException {
        whereNobodyListensConnectingIsRefused();
    }

    @AsyncTest
    void aFullBacklogIsWaitedForAndNotForEver() throws Exception {
        try (ServerSocketChannel full = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            full.bind(UnixDomainSocketAddress.of(path("s")), 1);
            List<SocketChannel> waiting = fill(path("s"));
            UnixOptions hasty = UnixOptions.defaults().connectTimeout(Duration.ofMillis(100));
            assertThatThrownBy(() -> Unix.connect(UnixAddress.of(path("s")), hasty))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("took more than 100 ms");
            Task<ByteStream> patient = async(() -> Unix.connect(path("s")));
            Async.yieldNow();
            for (SocketChannel channel : waiting) {
                channel.close();
            }
            full.configureBlocking(false);
            List<SocketChannel> accepted = new ArrayList<>();
            while (!patient.isDone()) {
                SocketChannel next = full.accept();
                if (next != null) {
                    accepted.add(next);
                }
                Async.sleep(Duration.ofMillis(1));
            }
            await(patient).close();
            for (SocketChannel channel : accepted) {
                channel.close();
            }
        }
    }

    // ---- peers

    @AsyncTest
    void bothSidesKnowTheirPeersCredentials() throws IOException {
        Promise<PeerCredentials> seen = Promise.create();
        try (Server server =
                Unix.listen(
                        path("s"),
                        stream -> {
                            seen.complete(Unix.peerCredentials(stream));
                            stream.read();
                        })) {
            int uid = (Integer) Files.getAttribute(path("s"), "unix:uid");
            ByteStream stream = Unix.connect(path("s"));
            PeerCredentials client = await(seen);
            assertThat(client.uid()).isEqualTo(uid);
            assertThat(client.pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(Unix.peerCredentials(stream)).isEqualTo(client);
            assertThat(server.localAddress()).isNotNull();
            stream.close();
            assertThatThrownBy(() -> Unix.peerCredentials(stream))
                    .isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest(transport = Transport.NIO)
    void nioSaysThatItCannotTell() {
        try (Server server = Unix.listen(path("s"), TcpEchoTest::echo);
                ByteStream stream = Unix.connect(path("s"))) {
            assertThatThrownBy(() -> Unix.peerCredentials(stream))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("NIO cannot tell a peer's credentials");
            UnixAddress name = UnixAddress.ofAbstractName("x");
            assertThatThrownBy(() -> Unix.listen(name, UnixOptions.defaults(), TcpEchoTest::echo))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("abstract addresses need");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    @AsyncTest
    void aTcpStreamHasNoCredentials() throws Exception {
        ByteStreamTest.connected((here, there) ->
                assertThatThrownBy(() -> Unix.peerCredentials(here))
                        .isInstanceOf(IllegalArgumentException.class));
    }

    @AsyncTest
    void addressesAreWhatWasGivenAndOnePeerIsNotAnother() {
        Promise<ByteStream> accepted = Promise.create();
        try (Server server =
                        Unix.listen(
                                path("s"),
                                stream -> {
                                    accepted.tryComplete(stream);
                                    stream.read();
                                });
                ByteStream first = Unix.connect(path("s"));
                ByteStream second = Unix.connect(path("s"))) {
            assertThat(first.remoteAddress()).isEqualTo(server.localAddress());
            ByteStream there = await(accepted);
            assertThat(there.localAddress()).isEqualTo(server.localAddress());
            assertThat(there.remoteAddress()).hasToString("unnamed");
            assertThat(first.localAddress()).isNotEqualTo(second.localAddress());
        }
    }

    @AsyncTest(unhandled = true)
    void anotherConnectionsFailureIsReportedThoughAllPeersAreUnnamed() {
        Promise<UnhandledFailure> reported = Promise.create();
        Loop.current().onUnhandled(reported::tryComplete);
        List<ByteStream> streams = new ArrayList<>();
        try (Server server =
                        Unix.listen(
                                path("s"),
                                stream -> {
                                    throw new BrokenConnectionException(
                                            "another's",
                                            UnixAddress.unnamed(),
                                            new IOException("reset"));
                                });
                ByteStream stream = Unix.connect(path("s"))) {
            streams.add(stream);
            assertThat(await(reported).failure()).hasMessage("another's");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    @AsyncTest
    void abstractNamesHaveNoFile() {
        UnixAddress name = UnixAddress.ofAbstractName("weft-test-" + System.nanoTime());
        UnixOptions options = UnixOptions.defaults();
        try (Server server = Unix.listen(name, options, TcpEchoTest::echo)) {
            assertThatThrownBy(() -> Unix.listen(name, options, TcpEchoTest::echo))
                    .isInstanceOf(AddressInUseException.class);
            try (ByteStream stream = Unix.connect(name, options)) {
                stream.write("x");
                assertThat(stream.read()).hasSize(1);
                assertThat(stream.toString()).contains("@weft-test-");
            }
            assertThat(server.localAddress()).isEqualTo(name);
        }
        assertThatThrownBy(() -> Unix.connect(name, options))
                .isInstanceOf(ConnectRefusedException.class)
                .hasMessageContaining("nobody listens there");
        assertThatThrownBy(() -> UnixAddress.ofAbstractName("x".repeat(108)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @AsyncTest
    void anAbortedStreamEndsItsPeer() {
        Promise<Object> seen = Promise.create();
        try (Server server =
                Unix.listen(
                        path("s"),
                        stream -> {
                            byte[] read = stream.read();
                            seen.complete(read == null ? "end" : read);
                        })) {
            Unix.connect(path("s")).abort();
            assertThat(await(seen)).isEqualTo("end");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    @AsyncTest
    void limitsOfCenturiesAreForEver() {
        UnixOptions longest =
                UnixOptions.defaults()
                        .connectTimeout(Duration.ofSeconds(Long.MAX_VALUE))
                        .closeTimeout(Duration.ofSeconds(Long.MAX_VALUE));
        TcpOptions alsoLong =
                TcpOptions.defaults()
                        .connectTimeout(Duration.ofSeconds(Long.MAX_VALUE))
                        .closeTimeout(Duration.ofSeconds(Long.MAX_VALUE));
        try (Server unix = Unix.listen(path("s"), TcpEchoTest::echo);
                Server tcp = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            Unix.connect(UnixAddress.of(path("s")), longest).close();
            Tcp.connect("127.0.0.1", tcp.port(), alsoLong).close();
            assertThat(unix.localAddress()).isNotNull();
        }
    }
}
