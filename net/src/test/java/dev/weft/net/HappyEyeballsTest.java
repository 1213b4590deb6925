package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.CancelledError;
import dev.weft.DeadlineExceededException;
import dev.weft.Task;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * A host with several addresses, of which some do not answer (RFC 8305), and whoever finds them.
 */
class HappyEyeballsTest {
    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TcpOptions found(InetAddress... addresses) {
        return TcpOptions.defaults().resolver(host -> List.of(addresses));
    }

    /** Listens on an address, and serves nobody. */
    private static Server listen(InetAddress address) {
        return Tcp.listen(address.getHostAddress(), 0, ByteStream::read);
    }

    /** A port whose backlog is full, so that the kernel drops whoever asks: it never answers. */
    private static final class BlackHole implements AutoCloseable {
        private final ServerSocket socket;
        private final List<SocketChannel> full = new ArrayList<>();

        BlackHole(InetAddress address, int port) throws IOException {
            socket = new ServerSocket(port, 1, address);
            for (int i = 0; i < 8; i++) {
                SocketChannel channel = SocketChannel.open();
                full.add(channel);
                channel.configureBlocking(false);
                channel.connect(new InetSocketAddress(address, port));
            }
        }

        @Override
        public void close() throws IOException {
            for (SocketChannel channel : full) {
                channel.close();
            }
            socket.close();
        }
    }

    @AsyncTest
    void aResolverOfOnesOwnIsAsked() {
        try (Server server = Tcp.listen("127.0.0.1", 0, ByteStream::read)) {
            // @start region="resolver"
            Resolver registry = service -> List.of(InetAddress.getByName("127.0.0.1"));
            TcpOptions options = TcpOptions.defaults().resolver(registry);
            try (ByteStream stream = Tcp.connect("orders.internal", server.port(), options)) {
                stream.write("hello");
            }
            // @end
        }
    }

    @AsyncTest
    void literalAddressesAreNotAskedFor() {
        TcpOptions options =
                TcpOptions.defaults()
                        .resolver(host -> {
                            throw new IllegalStateException("asked for " + host);
                        });
        try (Server server = listen(address(1))) {
            Tcp.connect("127.0.0.1", server.port(), options).close();
        }
    }

    @AsyncTest
    void theNextAddressIsTriedWhenOneRefuses() {
        try (Server server = listen(address(4))) {
            try (ByteStream stream =
                    Tcp.connect("h", server.port(), found(address(2), address(3), address(4)))) {
                assertThat(((InetSocketAddress) stream.remoteAddress()).getAddress())
                        .isEqualTo(address(4));
            }
        }
    }

    @AsyncTest(seconds = 30)
    void anAddressThatDoesNotAnswerHoldsNobodyUp() throws Exception {
        try (Server server = listen(address(2));
                BlackHole first = new BlackHole(address(3), server.port());
                BlackHole second = new BlackHole(address(4), server.port())) {
            TcpOptions patient =
                    found(address(3), address(4), address(2)).connectTimeout(Duration.ofDays(1));
            try (ByteStream stream = Tcp.connect("h", server.port(), patient)) {
                assertThat(((InetSocketAddress) stream.remoteAddress()).getAddress())
                        .isEqualTo(address(2));
            }
            assertThat(first.full).hasSameSizeAs(second.full);
        }
    }

    @AsyncTest
    void whenAllRefuseTheErrorListsThem() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, address(2))) {
            port = free.getLocalPort();
        }
        assertThatThrownBy(() -> Tcp.connect("h", port, found(address(2), address(3))))
                .isInstanceOf(ConnectRefusedException.class)
                .hasMessageContaining("h port " + port + " (tried 127.0.0.2, 127.0.0.3)")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(2));
    }

    @AsyncTest
    void whenNoneAnswersTheErrorListsThem() throws Exception {
        try (Server server = listen(address(2));
                BlackHole first = new BlackHole(address(3), server.port());
                BlackHole second = new BlackHole(address(4), server.port())) {
            TcpOptions options =
                    found(address(3), address(4)).connectTimeout(Duration.ofMillis(400));
            assertThatThrownBy(() -> Tcp.connect("h", server.port(), options))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("(tried 127.0.0.3, 127.0.0.4) took more than 400 ms");
            assertThat(first.full).hasSameSizeAs(second.full);
        }
    }

    @AsyncTest
    void aCancelledCallerLeavesNoAttemptBehind() throws Exception {
        try (Server server = listen(address(2));
                BlackHole hole = new BlackHole(address(3), server.port())) {
            List<String> asked = new ArrayList<>();
            TcpOptions options =
                    TcpOptions.defaults()
                            .resolver(host -> {
                                asked.add(host);
                                return List.of(address(3), address(3));
                            });
            Task<ByteStream> connecting = async(() -> Tcp.connect("h", server.port(), options));
            while (asked.isEmpty()) {
                Async.yieldNow();
            }
            sleep(Duration.ofMillis(1)); // either before the attempt has begun or after
            connecting.cancel();
            assertThatThrownBy(() -> await(connecting)).isInstanceOf(CancellationException.class);
            assertThat(hole.full).isNotEmpty();
        }
    }

    @AsyncTest
    void whatAResolverThrowsIsSaid() {
        for (IOException failure :
                Arrays.asList(new UnknownHostException("h"), new IOException())) {
            TcpOptions options =
                    TcpOptions.defaults()
                            .resolver(host -> {
                                throw failure;
                            });
            assertThatThrownBy(() -> Tcp.connect("h", 1, options))
                    .isInstanceOf(HostNotFoundException.class)
                    .hasMessageContaining("h")
                    .hasCause(failure);
        }
        assertThatThrownBy(() -> Tcp.connect("h", 1, found()))
                .isInstanceOf(ConnectFailedException.class)
                .hasMessage("host h has no address");
        TcpOptions late =
                TcpOptions.defaults()
                        .resolver(host -> {
                            Async.timeout(Duration.ZERO, () -> sleep(Duration.ofHours(1)));
                            return List.of();
                        });
        assertThatThrownBy(() -> Tcp.connect("h", 1, late))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @AsyncTest
    void aResolverThatNeverAnswersIsCancelled() {
        List<String> log = new ArrayList<>();
        TcpOptions options =
                TcpOptions.defaults()
                        .connectTimeout(Duration.ofMillis(20))
                        .resolver(host -> {
                            try {
                                sleep(Duration.ofHours(1));
                            } catch (CancelledError e) {
                                log.add("cancelled");
                                throw e;
                            }
                            return List.of();
                        });
        assertThatThrownBy(() -> Tcp.connect("h", 1, options))
                .isInstanceOf(TimedOutException.class)
                .hasMessageContaining("looking up host h took more than 20 ms");
        assertThat(log).containsExactly("cancelled");
    }
}
