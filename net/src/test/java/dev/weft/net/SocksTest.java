package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import java.util.HexFormat;
import java.util.List;

/** Connecting through SOCKS 5 and SOCKS 4a proxies. */
class SocksTest {
    private static final byte[] OK5 = HexFormat.of().parseHex("05000001000000000000");
    private static final byte[] OK4 = HexFormat.of().parseHex("005a000000000000");

    private static byte[] reply(byte[] ok, int code) {
        byte[] reply = ok.clone();
        reply[1] = (byte) code;
        return reply;
    }

    private static TcpOptions socks5(FakeProxy proxy) {
        return ProxyTest.through(Proxy.socks5("127.0.0.1", proxy.port()));
    }

    private static TcpOptions socks4(FakeProxy proxy) {
        return ProxyTest.through(Proxy.socks4("127.0.0.1", proxy.port()));
    }

    @AsyncTest
    void socks5GetsTheDestinationAsItStands() {
        try (FakeProxy proxy = FakeProxy.socks5(0, 0, client -> client.write(OK5))) {
            Tcp.connect("example.invalid", 443, socks5(proxy)).close();
            Tcp.connect("10.1.2.3", 80, socks5(proxy)).close();
            Tcp.connect("[2001:db8::1]", 80, socks5(proxy)).close();
            assertThat(proxy.asked)
                    .containsExactly(
                            "methods 00",
                            "example.invalid 01bb",
                            "methods 00",
                            "0a0102030050",
                            "methods 00",
                            "20010db80000000000000000000000010050");
        }
    }

    @AsyncTest
    void socks5ShowsUserAndPasswordInUtf8() {
        try (FakeProxy proxy = FakeProxy.socks5(2, 0, client -> client.write(OK5))) {
            Proxy known = Proxy.socks5("127.0.0.1", proxy.port()).credentials("jörg", "пароль €");
            Tcp.connect("example.org", 1, ProxyTest.through(known)).close();
            assertThat(proxy.asked)
                    .containsExactly("methods 0002", "jörg/пароль €", "example.org 0001");
        }
    }

    @AsyncTest
    void credentialsOfTheGreatestLengthFit() {
        String user = "u".repeat(255);
        String password = "é".repeat(127) + "p";
        try (FakeProxy proxy = FakeProxy.socks5(2, 0, client -> client.write(OK5))) {
            Proxy known = Proxy.socks5("127.0.0.1", proxy.port()).credentials(user, password);
            Tcp.connect("example.org", 1, ProxyTest.through(known)).close();
            assertThat(proxy.asked).contains(user + "/" + password);
        }
    }

    @AsyncTest
    void nothingIsLostOfAServerThatTalksFirst() {
        for (String hello : List.of("hi\n", "x".repeat(100_000) + "\n")) {
            byte[] answer =
                    (new String(OK5, java.nio.charset.StandardCharsets.ISO_8859_1) + hello)
                            .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
            try (FakeProxy proxy = FakeProxy.socks5(0, 0, client -> client.write(answer));
                    ByteStream stream =
                            Tcp.connect("example.org", 1, socks5(proxy).maxLineBytes(1 << 20))) {
                assertThat(stream.readLine() + "\n").isEqualTo(hello);
                assertThat(stream.read()).isNull();
            }
        }
        byte[] four = HexFormat.of().parseHex("005a0000000000006869");
        try (FakeProxy proxy = FakeProxy.socks4(client -> FakeProxy.trickle(client, four));
                ByteStream stream = Tcp.connect("example.org", 1, socks4(proxy))) {
            assertThat(stream.readLine()).isEqualTo("hi");
        }
        try (FakeProxy proxy = FakeProxy.socks4(client -> client.write(four));
                ByteStream stream = Tcp.connect("example.org", 1, socks4(proxy))) {
            assertThat(stream.readLine()).isEqualTo("hi");
        }
    }

    @AsyncTest
    void anAnswerInSingleBytesIsOne() {
        byte[] named = HexFormat.of().parseHex("0500000304686f7374005068690a");
        try (FakeProxy proxy = FakeProxy.socks5(0, 0, client -> FakeProxy.trickle(client, named));
                ByteStream stream = Tcp.connect("example.org", 1, socks5(proxy))) {
            assertThat(stream.readLine()).isEqualTo("hi");
        }
    }

    @AsyncTest
    void socks5RefusalsAreInWords() {
        List<String> words =
                List.of(
                        "it failed",
                        "its rules do not allow this connection",
                        "it cannot reach the destination's network",
                        "it cannot reach the host",
                        "nobody listens there",
                        "time to live",
                        "does not support connecting",
                        "this type of address",
                        "a reason without a name");
        for (int i = 0; i < words.size(); i++) {
            int code = i + 1;
            try (FakeProxy proxy =
                    FakeProxy.socks5(0, 0, client -> client.write(reply(OK5, code)))) {
                assertThatThrownBy(() -> Tcp.connect("example.org", 443, socks5(proxy)))
                        .isInstanceOfSatisfying(
                                ProxyFailedException.class,
                                e -> assertThat(e.code()).isEqualTo(code))
                        .hasMessageStartingWith(
                                "SOCKS 5 proxy 127.0.0.1 port "
                                        + proxy.port()
                                        + " did not connect to example.org port 443: it answered "
                                        + code)
                        .hasMessageContaining(words.get(i));
            }
        }
    }

    @AsyncTest
    void socks5RefusalsOfTheUserAreTold() {
        try (FakeProxy proxy = FakeProxy.socks5(255, 0, client -> {})) {
            assertThatThrownBy(() -> Tcp.connect("example.org", 1, socks5(proxy)))
                    .isInstanceOf(ProxyFailedException.class)
                    .hasMessageContaining(
                            "it accepts nobody without authentication: give Proxy.credentials");
            Proxy known = Proxy.socks5("127.0.0.1", proxy.port()).credentials("ada", "secret");
            assertThatThrownBy(() -> Tcp.connect("example.org", 1, ProxyTest.through(known)))
                    .hasMessageContaining("it accepts neither a user with a password nor none");
        }
        try (FakeProxy proxy = FakeProxy.socks5(2, 1, client -> {})) {
            Proxy known = Proxy.socks5("127.0.0.1", proxy.port()).credentials("ada", "secret");
            assertThatThrownBy(() -> Tcp.connect("example.org", 1, ProxyTest.through(known)))
                    .hasMessageContaining("it does not accept this user and password")
                    .hasMessageNotContainingAny("ada", "secret");
        }
        try (FakeProxy proxy = FakeProxy.socks5(2, 0, client -> {})) {
            assertThatThrownBy(() -> Tcp.connect("example.org", 1, socks5(proxy)))
                    .hasMessageContaining("an authentication that it was not offered");
        }
    }

    @AsyncTest
    void anAnswerOfAnotherProtocolIsSaid() {
        for (FakeProxy.Answer answer :
                List.<FakeProxy.Answer>of(
                        client -> client.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
                        client -> client.write(new byte[100_000]))) {
            // Answers amid the request, where the method was accepted.
            try (FakeProxy proxy = FakeProxy.socks5(0, 0, answer)) {
                assertThatThrownBy(() -> Tcp.connect("example.org", 1, socks5(proxy)))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("none of that protocol");
            }
        }
        try (Server web =
                Tcp.listen(
                        "127.0.0.1",
                        0,
                        client -> client.write("HTTP/1.1 400 Bad Request\r\n\r\n"))) {
            for (Proxy proxy :
                    List.of(
                            Proxy.socks5("127.0.0.1", web.port()),
                            Proxy.socks4("127.0.0.1", web.port()))) {
                assertThatThrownBy(() -> Tcp.connect("a", 1, ProxyTest.through(proxy)))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageContaining("none of that protocol");
            }
        }
    }

    @AsyncTest
    void aProxyThatHangsUpAmidIsSaid() {
        for (FakeProxy.Answer answer :
                List.<FakeProxy.Answer>of(
                        client -> {},
                        client -> client.write(new byte[] {5, 0}),
                        ByteStream::abort)) {
            try (FakeProxy proxy = FakeProxy.socks5(0, 0, answer)) {
                assertThatThrownBy(() -> Tcp.connect("example.org", 1, socks5(proxy)))
                        .isInstanceOf(ProxyFailedException.class)
                        .hasMessageMatching(".*(closed the connection|to it broke).*");
            }
        }
    }

    @AsyncTest
    void socks4GetsNamesAndUsers() {
        try (FakeProxy proxy = FakeProxy.socks4(client -> client.write(OK4))) {
            Tcp.connect("example.invalid", 443, socks4(proxy)).close();
            Tcp.connect("10.1.2.3", 80, socks4(proxy)).close();
            Proxy known = Proxy.socks4("127.0.0.1", proxy.port()).credentials("jörg", "");
            Tcp.connect("10.1.2.3", 80, ProxyTest.through(known)).close();
            assertThat(proxy.asked)
                    .containsExactly(
                            "040101bb00000001  example.invalid",
                            "040100500a010203  ",
                            "040100500a010203 jörg ");
        }
    }

    @AsyncTest
    void socks4RefusalsAreInWords() {
        List<String> words = List.of("it rejects this", "no identd", "another user", "a reason");
        for (int i = 0; i < words.size(); i++) {
            int code = 91 + i;
            try (FakeProxy proxy = FakeProxy.socks4(client -> client.write(reply(OK4, code)))) {
                assertThatThrownBy(() -> Tcp.connect("example.org", 443, socks4(proxy)))
                        .isInstanceOfSatisfying(
                                ProxyFailedException.class,
                                e -> assertThat(e.code()).isEqualTo(code))
                        .hasMessageContaining("SOCKS 4 proxy")
                        .hasMessageContaining(words.get(i));
            }
        }
    }

    @AsyncTest
    void socks4HasNoIpv6() {
        assertThatThrownBy(() ->
                        Tcp.connect("::1", 80, ProxyTest.through(Proxy.socks4("127.0.0.1", 1))))
                .isInstanceOf(ProxyFailedException.class)
                .hasMessageContaining("SOCKS 4 has no IPv6 addresses, use Proxy.socks5");
    }
}
