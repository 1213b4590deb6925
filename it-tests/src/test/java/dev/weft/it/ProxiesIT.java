package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weft.Async;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.ProxyFailedException;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.testkit.AsyncTest;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.io.TempDir;

/** Our clients through tinyproxy, microsocks and dante. */
class ProxiesIT {
    private static final String USER = "ada";
    private static final String PASSWORD = "sécret: of ada's";

    @TempDir Path folder;

    private LocalProxy tinyproxy(String more) {
        return LocalProxy.tinyproxy(folder, more);
    }

    private LocalProxy dante() {
        return dante("none", "");
    }

    private LocalProxy dante(String method, String blocks) {
        return LocalProxy.dante(folder, method, blocks);
    }

    private static Proxy socks4(LocalProxy dante) {
        return Proxy.socks4(dante.proxy().host(), dante.proxy().port());
    }

    // ---- the destination

    private static void capitals(ByteStream stream) {
        for (String line : stream.lines()) {
            stream.write(line.toUpperCase(Locale.ROOT) + "\n");
        }
    }

    private static Server destination() {
        return Tcp.listen("127.0.0.1", 0, ProxiesIT::capitals);
    }

    /** Looks up the proxy alone: the destination's name is for the proxy. */
    private static TcpOptions through(Proxy proxy) {
        return TcpOptions.defaults()
                .proxy(proxy)
                .resolver(host -> {
                    assertThat(host).isEqualTo(proxy.host());
                    return List.of(InetAddress.getByName("127.0.0.1"));
                });
    }

    private static void requireCarries(Proxy proxy, Server server, String host) {
        requireCarries(through(proxy), server, host);
    }

    private static void requireCarries(TcpOptions options, Server server, String host) {
        try (ByteStream stream = Tcp.connect(host, server.port(), options)) {
            String line = "abc".repeat(10_000);
            Async.group(g -> {
                g.async(() -> {
                    for (int i = 0; i < 30; i++) {
                        stream.write(line + "\n");
                    }
                });
                for (int i = 0; i < 30; i++) {
                    assertThat(stream.readLine()).isEqualTo(line.toUpperCase(Locale.ROOT));
                }
            });
        }
    }

    private static void requireRefused(
            int code, Proxy proxy, String host, int port, String... parts) {
        ProxyFailedException e =
                catchThrowableOfType(
                        ProxyFailedException.class,
                        () -> Tcp.connect(host, port, through(proxy)).close());
        assertThat(e).isNotNull();
        assertThat(e.code()).as("%s", e).isEqualTo(code);
        assertThat(e).hasMessageContainingAll(parts);
        assertThat(e.getMessage()).doesNotContain(PASSWORD);
        assertThat(e.proxyPort()).isEqualTo(proxy.port());
        assertThat(e.port()).isEqualTo(port);
    }

    private void requireTlsThrough(Proxy proxy) {
        Pki pki = Pki.make(folder);
        TcpOptions secure = TcpOptions.defaults().tls(ServerTls.of(pki.identity("localhost")));
        try (Server server = Tcp.listen("127.0.0.1", 0, secure, ProxiesIT::capitals)) {
            ClientTls tls = ClientTls.defaults().trust(pki.trust());
            requireCarries(through(proxy).tls(tls), server, "localhost");
        }
    }

    // ---- tinyproxy

    @AsyncTest(seconds = 60)
    void tinyproxyConnectsWhereItMay() {
        try (Server server = destination();
                Server forbidden = destination();
                LocalProxy tinyproxy = tinyproxy("ConnectPort " + server.port())) {
            requireCarries(tinyproxy.proxy(), server, "127.0.0.1");
            requireCarries(tinyproxy.proxy(), server, "localhost");
            requireRefused(
                    403,
                    tinyproxy.proxy(),
                    "localhost",
                    forbidden.port(),
                    "HTTP proxy 127.0.0.1",
                    "it forbids this destination");
        }
    }

    @AsyncTest(seconds = 60)
    void tinyproxySaysThatItCannotConnect() {
        int nobody = Tools.freePort();
        try (LocalProxy tinyproxy = tinyproxy("")) {
            requireRefused(500, tinyproxy.proxy(), "127.0.0.1", nobody, "it answered 500 Unable");
            requireRefused(500, tinyproxy.proxy(), "nobody.invalid", 80, "it answered 500 Unable");
        }
    }

    @AsyncTest(seconds = 60)
    void tinyproxyWantsTheRightUserAndPassword() {
        try (Server server = destination();
                LocalProxy tinyproxy = tinyproxy("BasicAuth ada secret")) {
            Proxy proxy = tinyproxy.proxy();
            requireCarries(proxy.credentials("ada", "secret"), server, "localhost");
            int port = server.port();
            requireRefused(407, proxy, "localhost", port, "give Proxy.credentials");
            // Not 407, to wrong ones.
            for (Proxy wrong :
                    List.of(
                            proxy.credentials("ada", "Secret"),
                            proxy.credentials("bob", "secret"))) {
                requireRefused(401, wrong, "localhost", port, "does not accept this user");
            }
        }
    }

    @AsyncTest(seconds = 60)
    void tinyproxyCarriesTls() {
        try (LocalProxy tinyproxy = tinyproxy("BasicAuth ada secret")) {
            requireTlsThrough(tinyproxy.proxy().credentials("ada", "secret"));
        }
    }

    // ---- microsocks

    @AsyncTest(seconds = 60)
    void microsocksConnects() {
        try (Server server = destination();
                LocalProxy microsocks = LocalProxy.microsocks()) {
            requireCarries(microsocks.proxy(), server, "127.0.0.1");
            requireCarries(microsocks.proxy(), server, "localhost");
            // Credentials that nobody wants do no harm.
            requireCarries(microsocks.proxy().credentials(USER, PASSWORD), server, "127.0.0.1");
            int nobody = Tools.freePort();
            requireRefused(5, microsocks.proxy(), "127.0.0.1", nobody, "nobody listens there");
            requireRefused(1, microsocks.proxy(), "nobody.invalid", 80, "it failed");
        }
    }

    @AsyncTest(seconds = 60)
    void microsocksWantsTheRightUserAndPassword() {
        try (Server server = destination();
                LocalProxy microsocks = LocalProxy.microsocks("-u", "ada", "-P", "secret")) {
            Proxy proxy = microsocks.proxy();
            requireCarries(proxy.credentials("ada", "secret"), server, "localhost");
            int port = server.port();
            requireRefused(255, proxy, "localhost", port, "give Proxy.credentials");
            for (Proxy wrong :
                    List.of(
                            proxy.credentials("ada", "Secret"),
                            proxy.credentials("bob", "secret"))) {
                requireRefused(2, wrong, "localhost", port, "does not accept this user");
            }
            requireTlsThrough(proxy.credentials("ada", "secret"));
        }
    }

    @AsyncTest(seconds = 60)
    void microsocksReachesIpV6() {
        try (Server server = Tcp.listen("::1", 0, ProxiesIT::capitals);
                LocalProxy microsocks = LocalProxy.microsocks()) {
            requireCarries(microsocks.proxy(), server, "::1");
        }
    }

    // ---- dante

    @AsyncTest(seconds = 60)
    void danteConnectsBySocks4AndSocks5() {
        try (Server server = destination();
                LocalProxy dante = dante()) {
            for (Proxy proxy :
                    List.of(dante.proxy(), socks4(dante), socks4(dante).credentials(USER, ""))) {
                requireCarries(proxy, server, "127.0.0.1");
            }
            requireCarries(dante.proxy(), server, "localhost");
            // It knows no SOCKS 4a, and takes a name for the address 0.0.0.1.
            requireRefused(91, socks4(dante), "localhost", server.port(), "cannot connect");
            int nobody = Tools.freePort();
            requireRefused(5, dante.proxy(), "127.0.0.1", nobody, "nobody listens there");
            requireRefused(91, socks4(dante), "127.0.0.1", nobody, "cannot connect");
            requireTlsThrough(dante.proxy());
        }
    }

    @AsyncTest(seconds = 60)
    void danteCarriesOneDirectionAfterTheOtherHasEnded() {
        try (Server server =
                        Tcp.listen(
                                "127.0.0.1",
                                0,
                                s -> s.write("got " + s.readAll(1 << 20).length + "\n"));
                LocalProxy dante = dante();
                ByteStream stream =
                        Tcp.connect("127.0.0.1", server.port(), through(dante.proxy()))) {
            stream.write(new byte[100_000]);
            stream.shutdownOutput();
            assertThat(stream.readLine()).isEqualTo("got 100000");
            assertThat(stream.readLine()).isNull();
        }
    }

    @AsyncTest(seconds = 60)
    void danteRefusesWhatItsRulesForbid() {
        try (Server server = destination();
                Server forbidden = destination();
                LocalProxy dante =
                        dante(
                                "none",
                                "socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 port = %d }"
                                        .formatted(forbidden.port()))) {
            requireCarries(dante.proxy(), server, "127.0.0.1");
            int port = forbidden.port();
            requireRefused(2, dante.proxy(), "127.0.0.1", port, "its rules do not allow");
            requireRefused(91, socks4(dante), "127.0.0.1", port, "it rejects this");
        }
    }

    @AsyncTest(seconds = 60)
    void danteWantsAUserThatItKnows() {
        try (Server server = destination();
                LocalProxy dante = dante("username", "")) {
            int port = server.port();
            requireRefused(255, dante.proxy(), "127.0.0.1", port, "give Proxy.credentials");
            requireRefused(
                    1,
                    dante.proxy().credentials(USER, PASSWORD),
                    "127.0.0.1",
                    port,
                    "does not accept this user");
        }
    }
}
