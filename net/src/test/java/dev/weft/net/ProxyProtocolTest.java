package dev.weft.net;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.testkit.AsyncTest;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** PROXY headers, version 1 and 2: servers that hear them, and clients that send them. */
class ProxyProtocolTest {
    private static final TcpOptions REQUIRED =
            TcpOptions.defaults().proxyProtocol(ProxyProtocol.from("127.0.0.0/8"));
    private static final TcpOptions OPTIONAL =
            TcpOptions.defaults().proxyProtocol(ProxyProtocol.from("127.0.0.0/8").optional());
    private static final TcpOptions FROM_ELSEWHERE =
            TcpOptions.defaults().proxyProtocol(ProxyProtocol.from("10.0.0.0/8", "::1"));

    private static final InetSocketAddress CLIENT = address("192.0.2.7", 56_324);
    private static final InetSocketAddress SERVER = address("198.51.100.1", 443);
    private static final InetSocketAddress CLIENT6 = address("2001:db8::7", 56_324);
    private static final InetSocketAddress SERVER6 = address("2001:db8::1", 443);

    private static InetSocketAddress address(String host, int port) {
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a server's handler saw. */
    private static String seen(ByteStream stream) {
        ProxyHeader header = stream.proxyHeader();
        InetSocketAddress remote = (InetSocketAddress) stream.remoteAddress();
        InetSocketAddress transport = (InetSocketAddress) stream.transportAddress();
        return remote.getAddress().getHostAddress()
                + (remote.equals(transport) ? " itself " : " by a proxy ")
                + (header == null ? "without" : "v" + header.version())
                + "\n";
    }

    /** Says what it saw, then echoes. */
    private static Server serve(TcpOptions options) {
        return Tcp.listen(
                "127.0.0.1",
                0,
                options,
                stream -> {
                    stream.write(seen(stream));
                    TcpEchoTest.echo(stream);
                });
    }

    /** All that a server answers to these bytes, sent together. */
    private static String answer(TcpOptions options, byte[] bytes) {
        try (Server server = serve(options);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            stream.write(bytes);
            stream.shutdownOutput();
            return FakeProxy.text(stream.readAll(1 << 20));
        } catch (BrokenConnectionException e) {
            return ""; // closed with bytes unread
        }
    }

    private static String answer(TcpOptions options, String text) {
        return answer(options, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    /** A header of version 2 with what the protocol calls command, family and body. */
    private static byte[] version2(int command, int family, int length, String body) {
        return joined(
                HexFormat.of().parseHex("0d0a0d0a000d0a515549540a"),
                new byte[] {(byte) command, (byte) family, (byte) (length >> 8), (byte) length},
                HexFormat.of().parseHex(body));
    }

    @AsyncTest
    void theClientIsWhomTheProxyNames() {
        List<Object> log = new ArrayList<>();
        // @start region="proxyProtocol"
        TcpOptions behindBalancers =
                TcpOptions.defaults().proxyProtocol(ProxyProtocol.from("10.0.0.0/8", "127.0.0.1"));
        StreamHandler handler =
                stream -> {
                    log.add(stream.remoteAddress()); // the client's
                    log.add(stream.transportAddress()); // the balancer's
                };
        try (Server server = Tcp.listen("127.0.0.1", 0, behindBalancers, handler)) {
            // @end
            TcpOptions speaking = TcpOptions.defaults().proxyHeader(ProxyHeader.of(CLIENT, SERVER));
            try (ByteStream stream = Tcp.connect("127.0.0.1", server.port(), speaking)) {
                assertThat(stream.read()).isNull();
                assertThat(log).containsExactly(CLIENT, stream.localAddress());
            }
        }
    }

    @AsyncTest
    void headersOfBothVersionsAndFamiliesAreHeard() {
        for (int version : new int[] {1, 2}) {
            for (ProxyHeader header :
                    List.of(ProxyHeader.of(CLIENT, SERVER), ProxyHeader.of(CLIENT6, SERVER6))) {
                for (TcpOptions options : List.of(REQUIRED, OPTIONAL)) {
                    String host = header.source().getAddress().getHostAddress();
                    assertThat(
                                    answer(
                                            options,
                                            joined(
                                                    header.version(version).bytes(),
                                                    "hi".getBytes(StandardCharsets.US_ASCII))))
                            .isEqualTo(host + " by a proxy v" + version + "\nhi");
                }
            }
        }
    }

    @AsyncTest
    void aHeaderInSingleBytesIsOne() {
        for (int version : new int[] {1, 2}) {
            byte[] bytes =
                    joined(
                            ProxyHeader.of(CLIENT, SERVER).version(version).bytes(),
                            new byte[] {'x'});
            try (Server server = serve(REQUIRED);
                    ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                FakeProxy.trickle(stream, bytes);
                assertThat(stream.readLine()).isEqualTo("192.0.2.7 by a proxy v" + version);
                assertThat(stream.readExactly(1)).containsExactly('x');
            }
        }
    }

    @AsyncTest
    void nothingIsLostBehindAHeader() {
        byte[] much = new byte[300_000];
        new java.util.Random(3).nextBytes(much);
        try (Server server = Tcp.listen("127.0.0.1", 0, REQUIRED, TcpEchoTest::echo);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            Async.async(() -> {
                stream.write(joined(ProxyHeader.of(CLIENT, SERVER).bytes(), much));
                stream.shutdownOutput();
            });
            assertThat(stream.readAll(1 << 20)).isEqualTo(much);
        }
    }

    @AsyncTest
    void aProxysOwnConnectionsKeepTheirAddress() {
        for (byte[] header :
                List.of(
                        ProxyHeader.local().bytes(),
                        ProxyHeader.local().version(1).bytes(),
                        "PROXY UNKNOWN ffff:f:f 1 2 3\r\n".getBytes(StandardCharsets.US_ASCII),
                        version2(0x20, 0x11, 12, "010203040506070800010002"),
                        version2(0x21, 0x00, 3, "010203"),
                        version2(0x21, 0x31, 216, "61".repeat(216)))) {
            assertThat(answer(REQUIRED, header)).startsWith("127.0.0.1 itself v");
        }
    }

    @AsyncTest
    void fieldsAreThereToBeRead() {
        Promise<ProxyHeader> header = Promise.create();
        byte[] tls = HexFormat.of().parseHex("0100000000" + "210007" + "544c5376312e33");
        ProxyHeader sent =
                ProxyHeader.of(CLIENT, SERVER)
                        .authority("bücher.example")
                        .field(0x01, "h2".getBytes(StandardCharsets.US_ASCII))
                        .field(0x20, tls)
                        .field(0xe0, new byte[] {1, 2, 3});
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                REQUIRED,
                                stream -> header.complete(stream.proxyHeader()));
                ByteStream stream =
                        Tcp.connect(
                                "127.0.0.1",
                                server.port(),
                                TcpOptions.defaults().proxyHeader(sent))) {
            ProxyHeader got = await(header);
            assertThat(got.source()).isEqualTo(CLIENT);
            assertThat(got.destination()).isEqualTo(SERVER);
            assertThat(got.authority()).isEqualTo("bücher.example");
            assertThat(got.applicationProtocol()).isEqualTo("h2");
            assertThat(got.isTls()).isTrue();
            assertThat(got.field(0x21)).asString(StandardCharsets.US_ASCII).isEqualTo("TLSv1.3");
            assertThat(got.field(0xe0)).containsExactly(1, 2, 3);
            assertThat(got.field(0xe1)).isNull();
            assertThat(stream.isOpen()).isTrue();
        }
    }

    @AsyncTest
    void badHeadersCloseTheConnection() {
        for (TcpOptions options : List.of(REQUIRED, OPTIONAL)) {
            for (byte[] header :
                    List.of(
                            "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n".getBytes(StandardCharsets.US_ASCII),
                            "PROXY TCP4 ::1 5.6.7.8 1 2\r\n".getBytes(StandardCharsets.US_ASCII),
                            "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n"
                                    .getBytes(StandardCharsets.US_ASCII),
                            "PROXY TCP4 a.b.c.d 5.6.7.8 1 2\r\n"
                                    .getBytes(StandardCharsets.US_ASCII),
                            "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n"
                                    .getBytes(StandardCharsets.US_ASCII),
                            ("PROXY " + "x".repeat(1000)).getBytes(StandardCharsets.US_ASCII),
                            "PROXY TCP4 1.2.3.4 5.6".getBytes(StandardCharsets.US_ASCII),
                            version2(0x11, 0x11, 12, "010203040506070800010002"),
                            version2(0x2f, 0x11, 12, "010203040506070800010002"),
                            version2(0x21, 0x77, 12, "010203040506070800010002"),
                            version2(0x21, 0x11, 4, "01020304"),
                            version2(0x21, 0x11, 12, "0102030405"),
                            version2(0x21, 0x11, 65_535, "01".repeat(65_535)),
                            version2(0x21, 0x11, 17, "01020304050607080001000201ffff6162"),
                            version2(
                                    0x21,
                                    0x11,
                                    20,
                                    "01020304050607080001000202000161" + "2000ff00"),
                            version2(0x21, 0x11, 19, "01020304050607080001000220000401020304"))) {
                assertThat(answer(options, header))
                        .describedAs(new String(header, StandardCharsets.ISO_8859_1))
                        .isEmpty();
            }
        }
    }

    @AsyncTest
    void withoutAHeaderThereIsNoConnectionWhereOneIsRequired() {
        for (String bytes :
                List.of("", "GET / HTTP/1.1\r\n\r\n", "P", "PROXX", "\r\n\r\n\0\r\nQ_")) {
            assertThat(answer(REQUIRED, bytes)).describedAs(bytes).isEmpty();
        }
    }

    @AsyncTest
    void whereItIsOptionalOtherBytesAreData() {
        for (String bytes :
                List.of("", "G", "GET / HTTP/1.1\r\n\r\n", "P", "PROXX", "\r\n\r\n\0\r\nQ_")) {
            assertThat(answer(OPTIONAL, bytes)).isEqualTo("127.0.0.1 itself without\n" + bytes);
        }
    }

    @AsyncTest
    void whatLooksLikeAHeaderAtFirstIsDataToo() {
        byte[] bytes = "PROXIMA".getBytes(StandardCharsets.US_ASCII);
        try (Server server = serve(OPTIONAL);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            FakeProxy.trickle(stream, bytes);
            assertThat(stream.readLine()).isEqualTo("127.0.0.1 itself without");
            assertThat(stream.readExactly(7)).isEqualTo(bytes);
        }
    }

    @AsyncTest
    void strangersAreClosedOrHeardWithoutTheirHeader() {
        byte[] header = ProxyHeader.of(CLIENT, SERVER).version(1).bytes();
        assertThat(answer(FROM_ELSEWHERE, header)).isEmpty();
        TcpOptions optional =
                TcpOptions.defaults()
                        .proxyProtocol(ProxyProtocol.from("10.0.0.0/8", "::1").optional());
        assertThat(answer(optional, header))
                .isEqualTo("127.0.0.1 itself without\n" + FakeProxy.text(header));
    }

    @AsyncTest
    void aHeaderThatDoesNotComeIsWaitedForInVain() {
        Duration short_ = Duration.ofMillis(100);
        ProxyProtocol protocol = ProxyProtocol.from("127.0.0.1").timeout(short_);
        for (String part : List.of("", "PRO", "PROXY TCP4 1.2.3.4")) {
            try (Server server = serve(TcpOptions.defaults().proxyProtocol(protocol));
                    ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                stream.write(part);
                assertThat(stream.read()).isNull();
            }
        }
        TcpOptions optional = TcpOptions.defaults().proxyProtocol(protocol.optional());
        for (String part : List.of("", "PRO")) {
            try (Server server = serve(optional);
                    ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                stream.write(part); // and waits for the server to begin
                assertThat(stream.readLine()).isEqualTo("127.0.0.1 itself without");
                stream.write("x");
                assertThat(stream.readExactly(part.length() + 1))
                        .asString(StandardCharsets.US_ASCII)
                        .isEqualTo(part + "x");
            }
        }
    }

    /** Ended, or reset where the server had not read all. */
    private static boolean isDropped(ByteStream stream) {
        try {
            return stream.read() == null;
        } catch (BrokenConnectionException e) {
            return true;
        }
    }

    @AsyncTest
    void aServerThatClosesDropsWhoHasNotSaidWhoTheyAre() {
        try (Server server = serve(REQUIRED);
                ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
            stream.write("PROXY ");
            stream.flush();
            server.drain(Duration.ZERO);
            assertThat(isDropped(stream)).isTrue();
        }
    }

    @AsyncTest
    void whoeverVanishesAmidAHeaderIsNoFailure() {
        try (Server server = serve(REQUIRED)) {
            for (int i = 0; i < 10; i++) {
                ByteStream stream = Tcp.connect("127.0.0.1", server.port());
                stream.write("PROXY TCP4");
                stream.flush();
                stream.abort();
            }
        }
    }

    @AsyncTest
    void headersAreWrittenAsTheProtocolSays() {
        assertThat(ProxyHeader.of(CLIENT, SERVER).version(1).bytes())
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n");
        assertThat(ProxyHeader.of(CLIENT, SERVER6).version(1).bytes())
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY TCP6 ::ffff:192.0.2.7 2001:db8:0:0:0:0:0:1 56324 443\r\n");
        assertThat(ProxyHeader.local().version(1).bytes())
                .asString(StandardCharsets.US_ASCII)
                .isEqualTo("PROXY UNKNOWN\r\n");
        assertThat(ProxyHeader.of(CLIENT, SERVER).field(0xe0, new byte[] {9}).bytes())
                .isEqualTo(version2(0x21, 0x11, 16, "c0000207c6336401dc0401bbe0000109"));
        assertThat(ProxyHeader.of(CLIENT6, SERVER).bytes())
                .isEqualTo(
                        version2(
                                0x21,
                                0x21,
                                36,
                                "20010db8000000000000000000000007"
                                        + "00000000000000000000ffffc6336401"
                                        + "dc0401bb"));
        assertThat(ProxyHeader.local().bytes()).isEqualTo(version2(0x20, 0, 0, ""));
    }

    @AsyncTest
    void argumentsAreChecked() {
        assertThatThrownBy(ProxyProtocol::from).hasMessage("ranges must not be empty");
        for (String range :
                List.of(
                        "",
                        "localhost",
                        "10.0.0.0/33",
                        "10.0.0.0/-1",
                        "10.0.0.0/x",
                        "::/129",
                        "/8")) {
            assertThatThrownBy(() -> ProxyProtocol.from(range))
                    .hasMessage(
                            "ranges must be like 10.1.2.3, 10.0.0.0/8 or fd00::/8, was " + range);
        }
        assertThatThrownBy(() -> ProxyProtocol.from("::1").timeout(Duration.ZERO))
                .hasMessage("timeout must be > 0, was PT0S");
        assertThatThrownBy(() -> ProxyHeader.local().version(3))
                .hasMessage("version must be 1 or 2, was 3");
        assertThatThrownBy(() -> ProxyHeader.local().field(256, new byte[0]))
                .hasMessage("type must be 0 to 255, was 256");
        assertThatThrownBy(() -> ProxyHeader.local().field(1, new byte[65_533]))
                .hasMessage("fields must have less than 64 KiB together, the header has 65536");
        assertThatThrownBy(() -> ProxyHeader.local().authority("a").version(1))
                .hasMessage("version 1 of the PROXY protocol has no fields");
        assertThatThrownBy(() -> ProxyHeader.of(InetSocketAddress.createUnresolved("h", 1), SERVER))
                .hasMessage("source must be an address, was the name h");
    }

    @AsyncTest
    void rangesMatchWhatLiesInThem() {
        ProxyProtocol protocol = ProxyProtocol.from("10.1.0.0/16", "fd00::/8", "192.0.2.7");
        assertThat(protocol.trusts(address("10.1.255.1", 1))).isTrue();
        assertThat(protocol.trusts(address("10.2.0.1", 1))).isFalse();
        assertThat(protocol.trusts(address("fdff::1", 1))).isTrue();
        assertThat(protocol.trusts(address("fe00::1", 1))).isFalse();
        assertThat(protocol.trusts(address("192.0.2.7", 1))).isTrue();
        assertThat(protocol.trusts(address("192.0.2.8", 1))).isFalse();
        assertThat(protocol.trusts(address("::ffff:192.0.2.7", 1))).isTrue();
        assertThat(protocol.trusts(null)).isFalse();
        assertThat(ProxyProtocol.from("0.0.0.0/0").trusts(address("203.0.113.1", 1))).isTrue();
    }

    @AsyncTest
    void aHeaderMayTakeForEver() {
        ProxyProtocol patient =
                ProxyProtocol.from("127.0.0.1").timeout(ChronoUnit.FOREVER.getDuration());
        String header = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n";
        assertThat(
                        answer(
                                TcpOptions.defaults().proxyProtocol(patient),
                                header.getBytes(StandardCharsets.US_ASCII)))
                .startsWith("192.0.2.7 by a proxy v1");
    }
}
