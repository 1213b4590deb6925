package dev.weft.net;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import dev.weft.testkit.AsyncTest;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Options of sockets, as the kernel shows them. */
@Timeout(60)
class SocketOptionsTest {
    private static final KeepAlive ALIVE =
            new KeepAlive(Duration.ofMillis(41_001), Duration.ofSeconds(7), 3);

    private static <T> T of(ByteStream stream, ChannelOption<T> option) {
        return stream.conduit().channel().config().getOption(option);
    }

    @Test
    void valuesAreChecked() {
        TcpOptions options = TcpOptions.defaults();
        assertRefused(() -> options.sendBufferBytes(-1), "sendBufferBytes must be >= 0, was -1");
        assertRefused(
                () -> options.receiveBufferBytes(-1), "receiveBufferBytes must be >= 0, was -1");
        assertRefused(() -> options.trafficClass(256), "trafficClass must be 0 to 255, was 256");
        assertRefused(
                () -> options.userTimeout(Duration.ofNanos(1)),
                "userTimeout must be 1 ms to 24 days, was PT0.000000001S");
        assertRefused(
                () -> options.localAddress(InetSocketAddress.createUnresolved("h", 1)),
                "localAddress must be resolved, was h/<unresolved>:1");
        Duration second = Duration.ofSeconds(1);
        assertRefused(
                () -> new KeepAlive(Duration.ZERO, second, 1),
                "idle must be > 0 and <= 32767 s, was PT0S");
        assertRefused(
                () -> new KeepAlive(second, Duration.ofDays(1), 1),
                "interval must be > 0 and <= 32767 s, was PT24H");
        assertRefused(() -> new KeepAlive(second, second, 128), "probes must be 1 to 127, was 128");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @MethodSource("dev.weft.net.SocketTransportsTest#loops")
    void theKernelHasThem(Transport transport, SchedulerMode mode) {
        LoopOptions options = LoopOptions.defaults().transport(transport).scheduler(mode);
        try (Loop loop = Loop.open(options)) {
            loop.run(() -> {
                checkDefaults();
                checkChosen(transport);
                checkRefused(transport);
            });
        }
    }

    private static void checkDefaults() throws Exception {
        ByteStreamTest.connected((here, there) -> {
            for (ByteStream stream : List.of(here, there)) {
                assertThat(of(stream, ChannelOption.TCP_NODELAY)).isTrue();
                assertThat(of(stream, ChannelOption.SO_KEEPALIVE)).isFalse();
                assertThat(of(stream, ChannelOption.IP_TOS)).isZero();
            }
        });
    }

    private static void checkChosen(Transport transport) throws Exception {
        TcpOptions chosen =
                TcpOptions.defaults()
                        .noDelay(false)
                        .keepAlive(ALIVE)
                        .sendBufferBytes(30_000)
                        .receiveBufferBytes(40_000)
                        .trafficClass(0x28);
        boolean linux = transport != Transport.NIO;
        TcpOptions all = linux ? chosen.userTimeout(Duration.ofMillis(12_345)) : chosen;
        ByteStreamTest.connected(
                all,
                (here, there) -> {
                    for (ByteStream stream : List.of(here, there)) {
                        assertThat(of(stream, ChannelOption.TCP_NODELAY)).isFalse();
                        assertThat(of(stream, ChannelOption.SO_KEEPALIVE)).isTrue();
                        assertThat(of(stream, ChannelOption.IP_TOS)).isEqualTo(0x28);
                        // Linux says twice as much, of which the JDK tells half.
                        int factor = linux ? 2 : 1;
                        assertThat(of(stream, ChannelOption.SO_SNDBUF)).isEqualTo(factor * 30_000);
                        assertThat(of(stream, ChannelOption.SO_RCVBUF)).isEqualTo(factor * 40_000);
                        assertThat(keepAlive(stream, transport)).containsExactly(42, 7, 3);
                        if (linux) {
                            assertThat(userTimeout(stream, transport)).isEqualTo(12_345);
                        }
                    }
                    here.write("x");
                    assertThat(there.read()).containsExactly('x');
                });
    }

    private static List<Integer> keepAlive(ByteStream stream, Transport transport) {
        List<ChannelOption<Integer>> options =
                switch (transport) {
                    case EPOLL ->
                            List.of(
                                    EpollChannelOption.TCP_KEEPIDLE,
                                    EpollChannelOption.TCP_KEEPINTVL,
                                    EpollChannelOption.TCP_KEEPCNT);
                    case IO_URING ->
                            List.of(
                                    IoUringChannelOption.TCP_KEEPIDLE,
                                    IoUringChannelOption.TCP_KEEPINTVL,
                                    IoUringChannelOption.TCP_KEEPCNT);
                    default ->
                            List.of(
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL),
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT));
                };
        List<Integer> values = new ArrayList<>();
        options.forEach(option -> values.add(of(stream, option)));
        return values;
    }

    private static int userTimeout(ByteStream stream, Transport transport) {
        return of(
                stream,
                transport == Transport.EPOLL
                        ? EpollChannelOption.TCP_USER_TIMEOUT
                        : IoUringChannelOption.TCP_USER_TIMEOUT);
    }

    private static void checkRefused(Transport transport) {
        if (transport != Transport.NIO) {
            return;
        }
        TcpOptions limited = TcpOptions.defaults().userTimeout(Duration.ofSeconds(1));
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", 1, limited))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage(
                        "userTimeout needs the transport epoll or io_uring, this loop's is NIO");
        assertThatThrownBy(
                        () -> Tcp.listen("::1", 0, TcpOptions.defaults().ipv6Only(true), _ -> {}))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("ipv6Only needs the transport epoll or io_uring, this loop's is NIO");
    }

    @ParameterizedTest
    @MethodSource("dev.weft.net.SocketTransportsTest#loops")
    void clientsConnectFromWhereTheyAreToldTo(Transport transport, SchedulerMode mode) {
        LoopOptions options = LoopOptions.defaults().transport(transport).scheduler(mode);
        try (Loop loop = Loop.open(options)) {
            loop.run(() -> {
                Promise<InetSocketAddress> first = Promise.create();
                StreamHandler handler =
                        stream -> {
                            first.tryComplete((InetSocketAddress) stream.remoteAddress());
                            stream.read();
                        };
                try (Server server = Tcp.listen("127.0.0.1", 0, handler);
                        Server other = Tcp.listen("127.0.0.1", 0, handler)) {
                    InetSocketAddress from = local("127.0.0.3", 0);
                    InetSocketAddress own = connectFrom(from, server.port());
                    assertThat(own.getAddress()).isEqualTo(from.getAddress());
                    assertThat(own.getPort()).isNotZero();
                    assertThat(await(first)).isEqualTo(own);
                    // A port of one's own, also while the system remembers another connection.
                    InetSocketAddress chosen = local("127.0.0.4", own.getPort());
                    assertThat(connectFrom(chosen, server.port())).isEqualTo(chosen);
                    assertThat(connectFrom(chosen, other.port())).isEqualTo(chosen);
                }
            });
        }
    }

    private static InetSocketAddress local(String address, int port) throws Exception {
        return new InetSocketAddress(InetAddress.getByName(address), port);
    }

    private static InetSocketAddress connectFrom(InetSocketAddress from, int port) {
        TcpOptions options = TcpOptions.defaults().localAddress(from);
        try (ByteStream stream = Tcp.connect("localhost", port, options)) {
            return (InetSocketAddress) stream.localAddress();
        }
    }

    @AsyncTest
    void anAddressThatIsNotOursOrOfTheWrongFamilyIsAFailure() throws Exception {
        TcpOptions foreign = TcpOptions.defaults().localAddress(local("192.0.2.1", 0));
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", 1, foreign))
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("annot assign requested address");
        TcpOptions ipv6 = TcpOptions.defaults().localAddress(local("::1", 0));
        assertThatThrownBy(() -> Tcp.connect("127.0.0.1", 1, ipv6))
                .isInstanceOf(ConnectFailedException.class)
                .hasMessageContaining("it has no address of that family");
    }

    @AsyncTest
    void aServerForIpv6AloneLeavesThePortToIpv4() {
        TcpOptions only = TcpOptions.defaults().ipv6Only(true);
        try (Server six = Tcp.listen("::", 0, only, stream -> stream.write("6"));
                Server four = Tcp.listen("0.0.0.0", six.port(), stream -> stream.write("4"));
                ByteStream toSix = Tcp.connect("::1", six.port());
                ByteStream toFour = Tcp.connect("127.0.0.1", four.port())) {
            assertThat(toSix.read()).containsExactly('6');
            assertThat(toFour.read()).containsExactly('4');
        }
        try (Server both = Tcp.listen("::", 0, stream -> stream.write("6"))) {
            assertThatThrownBy(() -> Tcp.listen("0.0.0.0", both.port(), _ -> {}))
                    .isInstanceOf(AddressInUseException.class);
        }
        assertThatThrownBy(() -> Tcp.listen("0.0.0.0", 0, only, _ -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("host must be of IPv6 with ipv6Only, was 0.0.0.0");
    }
}
