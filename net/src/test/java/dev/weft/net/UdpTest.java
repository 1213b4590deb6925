package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.SchedulerMode;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.testkit.AsyncTest;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/** UDP sockets. */
class UdpTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 7);
        }
        return bytes;
    }

    private static UdpSocket bound() {
        return Udp.bind("127.0.0.1", 0);
    }

    private static UdpSocket bound(UdpOptions options) {
        return Udp.bind("127.0.0.1", 0, options);
    }

    private static Datagram receive(UdpSocket socket) {
        return Async.timeout(SOON, socket::receive);
    }

    /** By the JDK's blocking socket, as a channel on NIO is closed by the selector, later. */
    private static int freePort() {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (SocketException e) {
            throw new AssertionError(e);
        }
    }

    /** All sizes there are; empty ones too, which Netty drops on some transports. */
    private static final List<Integer> SIZES = List.of(0, 1, 1472, 0, 9000, 65_507, 0);

    private static void talks(String host) {
        try (UdpSocket server = Udp.bind(host, 0);
                UdpSocket client = Udp.connect(host, server.port())) {
            client.send("hello".getBytes());
            Datagram request = receive(server);
            assertThat(request.text()).isEqualTo("hello");
            assertThat(request.sender()).isEqualTo(client.localAddress());
            assertThat(request.truncated()).isFalse();
            server.send("hi".getBytes(), request.sender());
            assertThat(receive(client).sender()).isEqualTo(client.remoteAddress());
            boolean nio = Loop.current().transport() == Transport.NIO;
            sizes(server, client, nio ? List.of(1, 1472, 65_507) : SIZES);
        }
        try (UdpSocket server = Udp.bind(host, 0);
                UdpSocket client = Udp.bind(host, 0)) {
            for (int size : SIZES) {
                client.send(bytes(size), server.localAddress());
                Datagram there = receive(server);
                assertThat(there.bytes()).isEqualTo(bytes(size));
                assertThat(there.sender()).isEqualTo(client.localAddress());
            }
        }
    }

    private static void sizes(UdpSocket server, UdpSocket client, List<Integer> sizes) {
        for (int size : sizes) {
            client.send(bytes(size));
            Datagram there = receive(server);
            assertThat(there.bytes()).isEqualTo(bytes(size));
            assertThat(there.truncated()).isFalse();
            server.send(there.bytes(), there.sender());
            assertThat(receive(client).bytes()).isEqualTo(bytes(size));
        }
        client.flush();
        assertThat(client.sendFailures()).isZero();
        assertThat(server.dropped()).isZero();
    }

    @AsyncTest
    void datagramsGoThereAndBack() {
        talks("127.0.0.1");
        talks("::1");
        // @start region="udp"
        try (UdpSocket server = Udp.bind("127.0.0.1", 0);
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            client.send("hello".getBytes());
            Datagram request = server.receive();
            server.send(request.bytes(), request.sender());
            assertThat(client.receive().text()).isEqualTo("hello");
        }
        // @end
    }

    @AsyncTest(transport = Transport.NIO)
    void datagramsGoThereAndBackOnNio() {
        talks("127.0.0.1");
        talks("::1");
    }

    @AsyncTest
    void severalAtOnceKeepTheirBounds() {
        try (UdpSocket server = bound();
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            for (int i = 0; i < 200; i++) {
                client.send(bytes(i));
            }
            for (int i = 0; i < 200; i++) {
                assertThat(receive(server).bytes()).hasSize(i);
            }
        }
    }

    @AsyncTest
    void anIpv6SocketForAllTalksToIpv4Too() {
        try (UdpSocket server = Udp.bind("::", 0);
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            client.send(bytes(3));
            Datagram request = receive(server);
            server.send(bytes(4), request.sender());
            assertThat(receive(client).bytes()).hasSize(4);
        }
    }

    @AsyncTest
    void iterationEndsWhenTheSocketIsClosed() {
        UdpSocket server = bound();
        Task<Integer> counting =
                async(() -> {
                    int count = 0;
                    // @start region="datagrams"
                    for (Datagram datagram : server.datagrams()) {
                        server.send(datagram.bytes(), datagram.sender());
                        count++;
                    }
                    // @end
                    return count;
                });
        try (UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            client.send(bytes(1));
            receive(client);
            client.send(bytes(2));
            receive(client);
        }
        server.close();
        assertThat(await(counting)).isEqualTo(2);
        assertThat(server.datagrams().iterator().hasNext()).isFalse();
    }

    // ---- limits

    private static void truncates() {
        UdpOptions small = UdpOptions.defaults().maxDatagramBytes(10);
        try (UdpSocket server = bound(small);
                UdpSocket client = Udp.connect("127.0.0.1", server.port(), small)) {
            for (int size : new int[] {9, 10, 11, 12, 3000}) {
                client.send(bytes(size));
                Datagram there = receive(server);
                assertThat(there.bytes()).isEqualTo(bytes(Math.min(size, 10)));
                assertThat(there.truncated()).isEqualTo(size > 10);
                server.send(bytes(size), there.sender());
                assertThat(receive(client).truncated()).isEqualTo(size > 10);
            }
        }
    }

    @AsyncTest
    void whatIsTooLongIsCutAndSaysSo() {
        truncates();
    }

    @AsyncTest(transport = Transport.NIO)
    void whatIsTooLongIsCutOnNioToo() {
        truncates();
    }

    @AsyncTest
    void whatNoDatagramCanHoldIsRefusedWithTheLimit() {
        try (UdpSocket socket = bound()) {
            assertThatThrownBy(() -> socket.send(bytes(65_508), socket.localAddress()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be <= 65507 bytes, was 65508");
            socket.send(bytes(65_507), socket.localAddress());
            assertThat(receive(socket).bytes()).hasSize(65_507);
        }
    }

    @AsyncTest
    void whatNobodyReceivesIsDroppedAndCounted() {
        UdpOptions few = UdpOptions.defaults().receiveQueue(3);
        try (UdpSocket server = bound(few);
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            for (int i = 0; i < 10; i++) {
                client.send(bytes(i));
            }
            awaitDropped(server, 7);
            for (int i = 0; i < 3; i++) {
                assertThat(receive(server).bytes()).hasSize(i); // the oldest are kept
            }
            client.send(bytes(50));
            assertThat(receive(server).bytes()).hasSize(50);
        }
    }

    private static void awaitDropped(UdpSocket socket, int count) {
        Async.timeout(
                SOON,
                () -> {
                    while (socket.dropped() < count) {
                        Async.sleep(Duration.ofMillis(1));
                    }
                });
        assertThat(socket.dropped()).isEqualTo(count);
    }

    @AsyncTest
    void theQueueIsBoundedInBytesToo() {
        UdpOptions little = UdpOptions.defaults().receiveQueueBytes(1000);
        try (UdpSocket server = bound(little);
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            client.send(bytes(1500)); // alone it may be longer
            client.send(bytes(1));
            client.flush();
            awaitDropped(server, 1);
            assertThat(receive(server).bytes()).hasSize(1500);
            client.send(bytes(600));
            client.send(bytes(400));
            client.send(bytes(1));
            awaitDropped(server, 2);
            assertThat(receive(server).bytes()).hasSize(600);
            assertThat(receive(server).bytes()).hasSize(400);
        }
    }

    /** In portable mode the event loop may have sent before too much is unsent. */
    @AsyncTest(modes = SchedulerMode.LOOP)
    void aSenderWaitsWhileTooMuchIsUnsent() {
        try (UdpSocket server = bound();
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            List<String> log = new ArrayList<>();
            Task<?> sender =
                    async(() -> {
                        for (int i = 0; i < 3; i++) {
                            client.send(bytes(40_000));
                            log.add("sent");
                        }
                    });
            async(() -> log.add("other")); // runs when the sender suspends
            await(sender);
            assertThat(log).startsWith("sent", "other", "sent");
            for (int i = 0; i < 3; i++) {
                assertThat(receive(server).bytes()).hasSize(40_000);
            }
        }
    }

    // ---- errors

    /** One whose peer is nobody, and not itself either. */
    private static UdpSocket connectedToNobody() {
        try (DatagramSocket gone = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return Udp.connect("127.0.0.1", gone.getLocalPort());
        } catch (SocketException e) {
            throw new AssertionError(e);
        }
    }

    private static void refusal() {
        try (UdpSocket client = connectedToNobody()) {
            int port = client.remoteAddress().getPort();
            client.send(bytes(1));
            assertThatThrownBy(() -> receive(client))
                    .isInstanceOfSatisfying(
                            ConnectRefusedException.class,
                            e -> assertThat(e.port()).isEqualTo(port))
                    .hasMessageContaining("nobody listens on UDP port " + port);
            try (UdpSocket server = Udp.bind("127.0.0.1", port)) { // it has come meanwhile
                client.send(bytes(5));
                Datagram request = receive(server);
                server.send(bytes(6), request.sender());
                assertThat(receive(client).bytes()).hasSize(6);
            }
        }
    }

    @AsyncTest
    void aRefusalIsToldAndTheSocketGoesOn() {
        refusal();
    }

    @AsyncTest(transport = Transport.NIO)
    void aRefusalIsToldOnNioToo() {
        refusal();
    }

    @AsyncTest
    void aRefusalIsToldByWhateverCallIsNext() {
        try (UdpSocket client = connectedToNobody()) {
            client.send(bytes(1));
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 5_000; i++) {
                                    Async.sleep(Duration.ofMillis(1));
                                    client.flush();
                                }
                            })
                    .isInstanceOf(ConnectRefusedException.class);
            client.flush();
        }
    }

    @AsyncTest
    void aDatagramToNowhereHarmsNoServer() {
        try (UdpSocket server = bound();
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            // Whoever sends from port 0 gets no answer, and others get theirs.
            InetSocketAddress nowhere =
                    new InetSocketAddress(client.localAddress().getAddress(), 0);
            server.send(bytes(3), nowhere);
            server.send(bytes(4), client.localAddress());
            assertThat(receive(client).bytes()).hasSize(4);
            assertThatThrownBy(server::flush)
                    .isInstanceOfSatisfying(
                            SendFailedException.class,
                            e -> assertThat(e.recipient()).isEqualTo(nowhere))
                    .hasMessageContaining("cannot send 3 bytes to /127.0.0.1:0");
            server.flush();
            assertThat(server.sendFailures()).isEqualTo(1);
        }
    }

    @AsyncTest
    void broadcastNeedsItsOption() {
        InetSocketAddress everybody = new InetSocketAddress("127.255.255.255", freePort());
        try (UdpSocket socket = Udp.bind("0.0.0.0", 0)) {
            socket.send(bytes(1), everybody);
            assertThatThrownBy(socket::flush)
                    .isInstanceOf(SendFailedException.class)
                    .hasMessageContaining("ermission denied");
        }
        UdpOptions allowed = UdpOptions.defaults().broadcast(true);
        try (UdpSocket server = Udp.bind("0.0.0.0", 0, allowed)) {
            server.send(bytes(2), new InetSocketAddress("127.255.255.255", server.port()));
            assertThat(receive(server).bytes()).hasSize(2);
        }
    }

    @AsyncTest
    void recipientsThatCannotBeAreRefused() throws Exception {
        try (UdpSocket socket = bound();
                UdpSocket connected = Udp.connect("127.0.0.1", socket.port())) {
            InetSocketAddress ipv6 =
                    new InetSocketAddress(InetAddress.getByName("::1"), socket.port());
            assertThatThrownBy(() -> socket.send(bytes(1), ipv6))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be an IPv4 address");
            assertThatThrownBy(() ->
                            socket.send(bytes(1), InetSocketAddress.createUnresolved("host", 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be resolved");
            assertThatThrownBy(() -> socket.send(bytes(1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is not connected");
            assertThatThrownBy(() -> connected.send(bytes(1), socket.localAddress()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is connected");
        }
    }

    @AsyncTest
    void aTakenPortIsInUseUnlessItMayBeShared() {
        try (UdpSocket socket = bound()) {
            assertThatThrownBy(() -> Udp.bind("127.0.0.1", socket.port()))
                    .isInstanceOf(AddressInUseException.class);
        }
        UdpOptions shared = UdpOptions.defaults().reuseAddress(true);
        try (UdpSocket socket = bound(shared);
                UdpSocket other = Udp.bind("127.0.0.1", socket.port(), shared)) {
            assertThat(other.port()).isEqualTo(socket.port());
        }
    }

    @AsyncTest
    void placesThatCannotBeAreSaid() {
        assertThatThrownBy(() -> Udp.bind("192.0.2.1", 0))
                .isInstanceOf(ListenFailedException.class)
                .hasMessageContaining("cannot bind UDP port 0 of 192.0.2.1");
        assertThatThrownBy(() -> Udp.connect("nobody.invalid", 1))
                .isInstanceOf(HostNotFoundException.class);
        assertThatThrownBy(() -> Udp.connect("127.0.0.1", 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Udp.bind("127.0.0.1", 65_536))
                .isInstanceOf(IllegalArgumentException.class);
        UdpOptions nowhere = UdpOptions.defaults().resolver(host -> List.of());
        assertThatThrownBy(() -> Udp.connect("h", 1, nowhere))
                .isInstanceOf(HostNotFoundException.class);
        assertThatThrownBy(() -> UdpOptions.defaults().maxDatagramBytes(0))
                .hasMessage("maxDatagramBytes must be 1 to 65535, was 0");
        assertThatThrownBy(() -> UdpOptions.defaults().receiveQueue(0))
                .hasMessage("receiveQueue must be >= 1, was 0");
    }

    // ---- tasks

    @AsyncTest
    void severalTasksMayReceiveAndNoDatagramIsLost() {
        try (UdpSocket server = bound();
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            List<Task<Datagram>> receivers = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                receivers.add(async(server::receive));
            }
            Async.yieldNow();
            for (int i = 0; i < 10; i++) {
                client.send(bytes(i));
            }
            List<Integer> sizes = new ArrayList<>();
            for (Task<Datagram> receiver : receivers) {
                sizes.add(await(receiver).bytes().length);
            }
            assertThat(sizes).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
    }

    @AsyncTest
    void aCancelledReceiverHasTakenNothing() {
        try (UdpSocket server = bound();
                UdpSocket client = Udp.connect("127.0.0.1", server.port())) {
            for (int round = 0; round < 200; round++) {
                Task<Datagram> first = async(server::receive);
                Task<Datagram> second = async(server::receive);
                Async.yieldNow();
                client.send(bytes(round));
                for (int i = 0; i < round % 7; i++) {
                    Async.yieldNow();
                }
                first.cancel();
                Datagram got;
                try {
                    got = await(first);
                    second.cancel();
                    Task<Datagram> cancelled = second;
                    assertThatThrownBy(() -> await(cancelled))
                            .isInstanceOf(CancellationException.class);
                } catch (CancellationException e) {
                    got = Async.timeout(SOON, () -> await(second));
                }
                assertThat(got.bytes()).hasSize(round);
            }
        }
    }

    @AsyncTest
    void closingWakesWhoeverWaits() {
        UdpSocket socket = bound();
        Task<Datagram> receiver = async(socket::receive);
        Async.yieldNow();
        assertThat(socket.isOpen()).isTrue();
        socket.close();
        socket.close();
        assertThat(socket.isOpen()).isFalse();
        assertThatThrownBy(() -> await(receiver)).isInstanceOf(StreamClosedException.class);
        assertThatThrownBy(socket::receive).isInstanceOf(StreamClosedException.class);
        assertThatThrownBy(socket::flush).isInstanceOf(StreamClosedException.class);
        assertThatThrownBy(() -> socket.send(bytes(1), socket.localAddress()))
                .isInstanceOf(StreamClosedException.class);
        assertThatThrownBy(() -> socket.join(InetAddress.getByName("224.1.2.3")))
                .isInstanceOf(StreamClosedException.class);
        Udp.bind("127.0.0.1", socket.port()).close(); // the port is free
    }

    @AsyncTest
    void closingSendsWhatWasToBeSent() {
        try (UdpSocket server = bound()) {
            UdpSocket client = Udp.connect("127.0.0.1", server.port());
            client.send(bytes(1));
            client.send(bytes(0));
            client.send(bytes(2));
            client.close();
            assertThat(receive(server).bytes()).hasSize(1);
            assertThat(receive(server).bytes()).hasSize(0);
            assertThat(receive(server).bytes()).hasSize(2);
            UdpSocket aborted = Udp.connect("127.0.0.1", server.port());
            aborted.abort();
            assertThatThrownBy(() -> aborted.send(bytes(1)))
                    .isInstanceOf(StreamClosedException.class);
        }
    }

    @AsyncTest(leavesTasks = true)
    void aSocketLeftOpenIsClosedWithItsLoop() {
        UdpSocket socket = bound();
        socket.send(bytes(10), socket.localAddress());
        async(() -> {
            socket.receive();
            socket.receive();
        });
        Async.yieldNow();
    }

    @AsyncTest
    void aCancelledOpenerLeavesNoSocket() {
        int port = freePort();
        for (int turns = 0; turns < 6; turns++) {
            Task<UdpSocket> opening = async(() -> Udp.bind("127.0.0.1", port));
            for (int i = 0; i < turns; i++) {
                Async.yieldNow();
            }
            opening.cancel();
            try {
                await(opening).close();
            } catch (CancellationException e) {
                // Its socket is closed by the event loop, a little later.
                Async.sleep(Duration.ofMillis(20));
            }
        }
        Udp.bind("127.0.0.1", port).close();
    }

    @AsyncTest
    void sendersBytesMayChangeAtOnce() {
        try (UdpSocket socket = bound()) {
            byte[] bytes = {1};
            socket.send(bytes, socket.localAddress());
            bytes[0] = 2;
            assertThat(receive(socket).bytes()).containsExactly(1);
        }
    }

    // ---- multicast

    private static NetworkInterface loopback() throws Exception {
        return NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress());
    }

    private static void multicasts() throws Exception {
        InetAddress group = InetAddress.getByName("239.1.2.3");
        UdpOptions options =
                UdpOptions.defaults()
                        .multicastInterface(loopback())
                        .reuseAddress(true)
                        .multicastTimeToLive(0);
        try (UdpSocket member = Udp.bind("0.0.0.0", 0, options);
                UdpSocket other = Udp.bind("0.0.0.0", member.port(), options);
                UdpSocket sender = Udp.bind("127.0.0.1", 0, options)) {
            InetSocketAddress to = new InetSocketAddress(group, member.port());
            member.join(group);
            sender.send(bytes(1), to);
            sender.flush();
            assertThat(receive(member).bytes()).hasSize(1);
            other.join(group, loopback(), null);
            sender.send(bytes(2), to);
            assertThat(receive(member).bytes()).hasSize(2);
            assertThat(receive(other).bytes()).hasSize(2);
            member.leave(group);
            sender.send(bytes(3), to);
            assertThat(receive(other).bytes()).hasSize(3);
            member.join(group);
            sender.send(bytes(4), to);
            assertThat(receive(member).bytes()).as("nothing came while it had left").hasSize(4);
        }
    }

    @AsyncTest
    void aGroupIsJoinedAndLeft() throws Exception {
        multicasts();
        // The loopback interface has no route for IPv6's multicast.
        InetAddress group = InetAddress.getByName("ff12::1234");
        try (UdpSocket member = Udp.bind("::", 0)) {
            member.join(group, loopback(), null);
            member.leave(group, loopback(), null);
            assertThatThrownBy(() -> member.leave(group, loopback(), null))
                    .isInstanceOf(ListenFailedException.class)
                    .hasMessageContaining("it was not joined");
        }
    }

    @AsyncTest(transport = Transport.NIO)
    void aGroupIsJoinedAndLeftOnNio() throws Exception {
        aGroupIsJoinedAndLeft();
    }

    private static void oneSource() throws Exception {
        InetAddress group = InetAddress.getByName("232.1.2.4");
        UdpOptions options = UdpOptions.defaults().multicastInterface(loopback());
        try (UdpSocket member = Udp.bind("0.0.0.0", 0, options);
                UdpSocket wanted = Udp.bind("127.0.0.1", 0, options);
                UdpSocket unwanted = Udp.bind("127.0.0.2", 0, options)) {
            InetAddress source = wanted.localAddress().getAddress();
            member.join(group, null, source);
            InetSocketAddress to = new InetSocketAddress(group, member.port());
            unwanted.send(bytes(1), to);
            unwanted.flush();
            wanted.send(bytes(2), to);
            assertThat(receive(member).bytes()).hasSize(2);
            member.leave(group, null, source);
        }
    }

    @AsyncTest
    void aGroupMayBeHeardFromOneSourceAlone() throws Exception {
        oneSource();
    }

    @AsyncTest(transport = Transport.NIO)
    void aGroupMayBeHeardFromOneSourceAloneOnNio() throws Exception {
        oneSource();
    }

    private static void withoutLoopback() throws Exception {
        InetAddress group = InetAddress.getByName("239.1.2.5");
        UdpOptions loud = UdpOptions.defaults().multicastInterface(loopback());
        UdpOptions quiet = loud.multicastLoopback(false);
        try (UdpSocket member = Udp.bind("0.0.0.0", 0, loud);
                UdpSocket silent = Udp.bind("127.0.0.1", 0, quiet);
                UdpSocket heard = Udp.bind("127.0.0.1", 0, loud)) {
            member.join(group);
            InetSocketAddress to = new InetSocketAddress(group, member.port());
            silent.send(bytes(1), to);
            silent.flush();
            heard.send(bytes(2), to);
            assertThat(receive(member).bytes()).isNotEmpty();
        }
    }

    @AsyncTest
    void multicastOptionsAreAcceptedEverywhere() throws Exception {
        withoutLoopback();
    }

    @AsyncTest(transport = Transport.NIO)
    void multicastOptionsAreAcceptedOnNio() throws Exception {
        withoutLoopback();
        assertThatThrownBy(() -> bound(UdpOptions.defaults().timeToLive(5)))
                .hasMessageContaining("timeToLive needs the transport epoll or io_uring");
    }

    @AsyncTest
    void groupsThatCannotBeAreRefused() throws Exception {
        try (UdpSocket socket = Udp.bind("0.0.0.0", 0)) {
            assertThatThrownBy(() -> socket.join(InetAddress.getByName("127.0.0.1")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be a multicast address");
            assertThatThrownBy(() -> socket.join(InetAddress.getByName("ff12::1")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bind it to 0.0.0.0 for IPv4, to :: for IPv6");
            assertThatThrownBy(() -> socket.leave(InetAddress.getByName("239.9.9.9")))
                    .isInstanceOf(ListenFailedException.class)
                    .hasMessageContaining("cannot leave the group 239.9.9.9");
        }
    }

    // ---- odd peers

    @AsyncTest
    void aFloodIsBoundedAndTheSocketStillWorks() throws Exception {
        UdpOptions few = UdpOptions.defaults().receiveQueue(10);
        try (UdpSocket server = bound(few);
                DatagramChannel peer = DatagramChannel.open()) {
            peer.configureBlocking(false);
            peer.connect(server.localAddress());
            for (int i = 0; i < 5_000; i++) {
                peer.write(ByteBuffer.wrap(bytes(100)));
                if (i % 50 == 0) {
                    Async.yieldNow();
                }
            }
            awaitSettled(server);
            for (int i = 0; i < 10; i++) {
                assertThat(receive(server).bytes()).hasSize(100);
            }
            assertThat(server.dropped()).isPositive();
            peer.write(ByteBuffer.wrap(bytes(7)));
            assertThat(receive(server).bytes()).hasSize(7);
            assertThat(server.localAddress().getAddress()).isNotInstanceOf(Inet6Address.class);
        }
    }

    /** Waits until the count of what was dropped stands still. */
    private static void awaitSettled(UdpSocket socket) {
        long before;
        do {
            before = socket.dropped();
            Async.sleep(Duration.ofMillis(50));
        } while (socket.dropped() != before);
    }
}
