package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.AddressInUseException;
import dev.weft.net.ByteStream;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.Datagram;
import dev.weft.net.PeerCredentials;
import dev.weft.net.Server;
import dev.weft.net.Tcp;
import dev.weft.net.Udp;
import dev.weft.net.UdpOptions;
import dev.weft.net.UdpSocket;
import dev.weft.net.Unix;
import dev.weft.net.UnixAddress;
import dev.weft.net.UnixOptions;
import dev.weft.testkit.AsyncTest;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;

/** socat, both ways: Unix sockets, UDP, and TCP whose directions end one by one. */
class SocatIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir Path folder;

    /** With messages, so that it says when it listens. */
    private static Program socat(String... arguments) {
        Path socat = Tools.require(Tools.find("socat"), "no socat", "apt-get install socat");
        return Program.start(
                new ProcessBuilder(
                        Stream.concat(
                                        Stream.of(socat.toString(), "-d", "-d"),
                                        Arrays.stream(arguments))
                                .toList()));
    }

    private static Program listening(String... arguments) {
        Program socat = socat(arguments);
        socat.awaitErrorLine("listening on");
        return socat;
    }

    private Path path() {
        return folder.resolve("s");
    }

    private static void sendAll(ByteStream stream) {
        byte[] all = stream.readAll(1 << 20);
        stream.write("got " + all.length);
    }

    // ---- Unix sockets

    @AsyncTest(seconds = 60)
    void ourUnixServerKnowsWhoComesAndSeesTheEnd() {
        Promise<PeerCredentials> peer = Promise.create();
        try (Server server =
                        Unix.listen(
                                path(),
                                stream -> {
                                    peer.complete(Unix.peerCredentials(stream));
                                    sendAll(stream);
                                });
                Program socat = socat("-t20", "-", "UNIX-CONNECT:" + path())) {
            socat.send("x".repeat(100_000));
            socat.endInput();
            assertThat(await(socat.exit())).describedAs("%s", socat).isZero();
            assertThat(socat.out()).containsExactly("got 100000");
            assertThat(await(peer).pid()).isPositive();
            assertThat(await(peer).pid()).isNotEqualTo((int) ProcessHandle.current().pid());
            assertThat(server.localAddress()).isEqualTo(UnixAddress.of(path()));
        }
        assertThat(Files.exists(path())).isFalse();
    }

    @AsyncTest(seconds = 60)
    void weConnectToItsUnixServer() {
        try (Program socat = listening("-t20", "UNIX-LISTEN:" + path(), "EXEC:wc -c")) {
            try (ByteStream stream = Unix.connect(path())) {
                stream.write("y".repeat(50_000));
                stream.shutdownOutput();
                assertThat(stream.readLine().strip()).isEqualTo("50000");
            }
            assertThat(await(socat.exit())).isZero();
        }
    }

    @AsyncTest(seconds = 60)
    void itsSocketIsInUseAndThatOfAKilledOneIsReplaced() {
        try (Program socat = listening("UNIX-LISTEN:" + path() + ",fork", "SYSTEM:cat")) {
            assertThatThrownBy(() -> Unix.listen(path(), SocatIT::sendAll))
                    .isInstanceOf(AddressInUseException.class);
            assertThat(Files.exists(path())).isTrue();
            socat.kill();
            await(socat.exit());
        }
        assertThatThrownBy(() -> Unix.connect(path())).isInstanceOf(ConnectRefusedException.class);
        try (Server server = Unix.listen(path(), SocatIT::sendAll);
                ByteStream stream = Unix.connect(path())) {
            stream.shutdownOutput();
            assertThat(stream.readAll(10)).asString().isEqualTo("got 0");
            assertThat(server.localAddress()).isNotNull();
        }
    }

    @AsyncTest(seconds = 60)
    void abstractNamesAreTheSameOnBothSides() {
        String name = "weft-it-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
        UnixAddress address = UnixAddress.ofAbstractName(name);
        try (Server server = Unix.listen(address, UnixOptions.defaults(), SocatIT::sendAll);
                Program socat = socat("-t20", "-", "ABSTRACT-CONNECT:" + name)) {
            socat.send("abc");
            socat.endInput();
            assertThat(await(socat.exit())).describedAs("%s", socat).isZero();
            assertThat(socat.out()).containsExactly("got 3");
            assertThat(server.localAddress()).isEqualTo(address);
        }
        try (Program socat = listening("-t20", "ABSTRACT-LISTEN:" + name, "EXEC:wc -c");
                ByteStream stream = Unix.connect(address, UnixOptions.defaults())) {
            stream.write("abcd");
            stream.shutdownOutput();
            assertThat(stream.readLine().strip()).isEqualTo("4");
            assertThat(await(socat.exit())).isZero();
        }
    }

    // ---- TCP

    @AsyncTest(seconds = 60)
    void tcpDirectionsEndOneByOne() {
        try (Server server = Tcp.listen("127.0.0.1", 0, SocatIT::sendAll);
                Program socat = socat("-t20", "-", "TCP:127.0.0.1:" + server.port())) {
            socat.send("z".repeat(100_000));
            socat.endInput();
            assertThat(await(socat.exit())).describedAs("%s", socat).isZero();
            assertThat(socat.out()).containsExactly("got 100000");
        }
        try (Program socat = socat("-t20", "TCP-LISTEN:0,bind=127.0.0.1", "EXEC:wc -c")) {
            String line = socat.awaitErrorLine("listening on");
            int port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
            try (ByteStream stream = Tcp.connect("127.0.0.1", port)) {
                stream.write("y".repeat(50_000));
                stream.shutdownOutput();
                assertThat(stream.readLine().strip()).isEqualTo("50000");
            }
        }
    }

    // ---- UDP

    @AsyncTest(seconds = 60)
    void itsDatagramsComeToUsAndOursToIt() {
        try (UdpSocket server = Udp.bind("127.0.0.1", 0);
                Program socat = socat("-t2", "-", "UDP:127.0.0.1:" + server.port())) {
            socat.send("hello");
            Datagram question = Async.timeout(SOON, server::receive);
            assertThat(question.text()).isEqualTo("hello");
            server.send("hi there\n".getBytes(), question.sender());
            assertThat(await(socat.line("hi"))).isEqualTo("hi there");
        }
        int port;
        try (UdpSocket free = Udp.bind("127.0.0.1", 0)) {
            port = free.port();
        }
        try (Program socat = socat("UDP-RECVFROM:" + port + ",bind=127.0.0.1,fork", "EXEC:cat")) {
            socat.awaitErrorLine("receiving on");
            try (UdpSocket client = Udp.connect("127.0.0.1", port)) {
                for (int size : new int[] {1, 1000, 8000}) {
                    client.send(new byte[size]);
                    assertThat(Async.timeout(SOON, client::receive).bytes()).hasSize(size);
                }
            }
        }
    }

    @AsyncTest(seconds = 60)
    void itsMulticastReachesUs() throws Exception {
        InetAddress group = InetAddress.getByName("239.3.4.5");
        NetworkInterface loopback =
                NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
        UdpOptions options = UdpOptions.defaults().multicastInterface(loopback);
        try (UdpSocket member = Udp.bind("0.0.0.0", 0, options)) {
            member.join(group);
            try (Program socat =
                    socat(
                            "-",
                            "UDP-DATAGRAM:239.3.4.5:"
                                    + member.port()
                                    + ",ip-multicast-if=127.0.0.1,ip-multicast-ttl=0")) {
                socat.send("to all");
                assertThat(Async.timeout(SOON, member::receive).text()).isEqualTo("to all");
            }
        }
        int port;
        try (UdpSocket free = Udp.bind("127.0.0.1", 0)) {
            port = free.port();
        }
        try (Program socat =
                        socat(
                                "-u",
                                "UDP-RECV:" + port + ",ip-add-membership=239.3.4.6:127.0.0.1",
                                "-");
                UdpSocket sender = Udp.bind("127.0.0.1", 0, options)) {
            socat.awaitErrorLine("starting data transfer loop");
            sender.send(
                    "from us\n".getBytes(),
                    new InetSocketAddress(InetAddress.getByName("239.3.4.6"), port));
            assertThat(await(socat.line("from"))).isEqualTo("from us");
        }
    }
}
