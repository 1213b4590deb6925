package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Unix sockets and UDP on each transport that works here, in each mode; streams themselves are
 * {@link Wire}'s.
 */
@Timeout(60)
class SocketTransportsTest {
    @TempDir Path folder;

    /**
     * io_uring only in the long form, or with {@code -Dweft.test.io_uring=true}: see
     * docs/known-issues.md.
     */
    static Stream<Arguments> loops() {
        boolean uring = Boolean.getBoolean("weft.long") || Boolean.getBoolean("weft.test.io_uring");
        return Stream.of(Transport.EPOLL, Transport.IO_URING, Transport.KQUEUE, Transport.NIO)
                .filter(t -> t.unavailableBecause() == null)
                .filter(t -> t != Transport.IO_URING || uring)
                .flatMap(t ->
                        Arrays.stream(SchedulerMode.values())
                                .filter(mode -> mode.unavailableBecause() == null)
                                .map(mode -> Arguments.of(t, mode)));
    }

    private static Loop open(Transport transport, SchedulerMode mode) {
        return Loop.open(LoopOptions.defaults().transport(transport).scheduler(mode));
    }

    @ParameterizedTest
    @MethodSource("loops")
    void unixSocketsComeAndGo(Transport transport, SchedulerMode mode) {
        Path path = folder.resolve("s");
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> {
                try (Server server = Unix.listen(path, TcpEchoTest::echo);
                        ByteStream stream = Unix.connect(path)) {
                    stream.write("x");
                    assertThat(stream.read()).containsExactly('x');
                    assertThat(server.localAddress()).isEqualTo(UnixAddress.of(path));
                    if (transport != Transport.NIO) {
                        assertThat(Unix.peerCredentials(stream).pid())
                                .isEqualTo((int) ProcessHandle.current().pid());
                    }
                }
                assertThat(Files.exists(path)).isFalse();
                assertThatThrownBy(() -> Unix.connect(path))
                        .isInstanceOf(ConnectRefusedException.class);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void datagramsKeepTheirBoundsAndSayWhatIsCut(Transport transport, SchedulerMode mode) {
        try (Loop loop = open(transport, mode)) {
            loop.run(() -> Async.timeout(Duration.ofSeconds(20), () -> exchange(transport)));
        }
    }

    private static void exchange(Transport transport) throws Exception {
        UdpOptions options = UdpOptions.defaults().maxDatagramBytes(1000);
        try (UdpSocket server = Udp.bind("127.0.0.1", 0, options);
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            for (int size : new int[] {1, 999, 1000, 1001, 5000, 3}) {
                client.send(new byte[size]);
                Datagram there = server.receive();
                assertThat(there.bytes()).hasSize(Math.min(size, 1000));
                assertThat(there.truncated()).isEqualTo(size > 1000);
                assertThat(there.sender()).isEqualTo(client.localAddress());
                server.send(new byte[0], there.sender());
                server.send(new byte[size], there.sender());
                assertThat(client.receive().bytes()).isEmpty();
                assertThat(client.receive().bytes()).hasSize(size);
            }
            for (int i = 0; i < 100; i++) {
                client.send(new byte[i + 1]);
            }
            for (int i = 0; i < 100; i++) {
                assertThat(server.receive().bytes()).hasSize(i + 1);
            }
        }
        refusedThenServed();
        multicast();
        if (transport == Transport.EPOLL || transport == Transport.IO_URING) {
            Udp.bind("127.0.0.1", 0, UdpOptions.defaults().timeToLive(7)).close();
        }
    }

    private static void refusedThenServed() throws Exception {
        int port;
        try (var free = new java.net.DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (UdpSocket client = Udp.connect("127.0.0.1", port)) {
            client.send(new byte[1]);
            assertThatThrownBy(client::receive).isInstanceOf(ConnectRefusedException.class);
            try (UdpSocket server = Udp.bind("127.0.0.1", port)) {
                client.send(new byte[2]);
                assertThat(server.receive().bytes()).hasSize(2);
            }
        }
    }

    private static void multicast() throws Exception {
        InetAddress group = InetAddress.getByName("239.7.7.7");
        NetworkInterface loopback =
                NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        UdpOptions options =
                UdpOptions.defaults().multicastInterface(loopback).multicastTimeToLive(0);
        try (UdpSocket member = Udp.bind("0.0.0.0", 0, options);
                UdpSocket sender = Udp.bind("127.0.0.1", 0, options)) {
            member.join(group);
            sender.send(new byte[9], new InetSocketAddress(group, member.port()));
            assertThat(member.receive().bytes()).hasSize(9);
            member.leave(group);
        }
    }
}
