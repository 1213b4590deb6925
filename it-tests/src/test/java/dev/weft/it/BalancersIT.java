package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.ProxyHeader;
import dev.weft.net.ProxyProtocol;
import dev.weft.net.Server;
import dev.weft.net.ServerTls;
import dev.weft.net.StreamHandler;
import dev.weft.net.Tcp;
import dev.weft.net.TcpOptions;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** haproxy and nginx's stream module before our servers, and behind our clients. */
class BalancersIT {
    private static final ProxyProtocol BELIEVED = ProxyProtocol.from("127.0.0.0/8");

    private static final ProxyHeader CLAIM =
            ProxyHeader.of(
                    new InetSocketAddress("192.0.2.1", 1234),
                    new InetSocketAddress("198.51.100.2", 443));

    @TempDir Path folder;

    private Path write(String name, String text) {
        try {
            return Files.writeString(folder.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Program haproxy(String sections) {
        Path binary = Tools.require(Tools.find("haproxy"), "no haproxy", "apt-get install haproxy");
        String defaults =
                """
                defaults
                  mode tcp
                  timeout connect 5s
                  timeout client 20s
                  timeout server 20s
                """;
        Path file = write("haproxy.cfg", defaults + sections);
        return Program.start(new ProcessBuilder(binary.toString(), "-db", "-f", file.toString()));
    }

    private Program nginx(String servers) {
        Path binary = Tools.require(Tools.find("nginx"), "no nginx", "apt-get install nginx-light");
        Path module =
                Tools.require(
                        Optional.of(Path.of("/usr/lib/nginx/modules/ngx_stream_module.so"))
                                .filter(Files::exists),
                        "no stream module of nginx",
                        "apt-get install libnginx-mod-stream");
        Path file =
                write(
                        "nginx.conf",
                        """
                        load_module %s;
                        daemon off;
                        master_process off;
                        pid nginx.pid;
                        error_log stderr notice;
                        events {}
                        stream {
                        %s
                        }
                        """
                                .formatted(module, servers));
        return Program.start(
                new ProcessBuilder(
                        List.of(
                                binary.toString(),
                                "-p",
                                folder.toString(),
                                "-e",
                                "stderr",
                                "-c",
                                file.toString())));
    }

    /** Connects, as soon as the program listens. */
    private static ByteStream connect(Program program, String host, int port, TcpOptions options) {
        return Async.timeout(
                Duration.ofSeconds(20),
                () -> {
                    for (; ; ) {
                        try {
                            return Tcp.connect(host, port, options);
                        } catch (ConnectRefusedException e) {
                            assertThat(program.isAlive()).describedAs("%s", program).isTrue();
                            Async.sleep(Duration.ofMillis(10));
                        }
                    }
                });
    }

    private static ByteStream connect(Program program, int port) {
        return connect(program, "127.0.0.1", port, TcpOptions.defaults());
    }

    /** Says who it takes the client for, then repeats what it gets. */
    private static void introduce(ByteStream stream) {
        ProxyHeader header = stream.proxyHeader();
        stream.write(
                "from %s, version %s, to %s, tls %s\n"
                        .formatted(
                                text(stream.remoteAddress()),
                                header == null ? "none" : header.version(),
                                header == null ? "none" : text(header.destination()),
                                stream.tls() != null));
        for (String line : stream.lines()) {
            stream.write(line + "\n");
        }
    }

    private static String text(SocketAddress address) {
        return address instanceof InetSocketAddress a
                ? a.getAddress().getHostAddress() + ":" + a.getPort()
                : "nobody";
    }

    private static Server listen(TcpOptions options) {
        return listen(options, BalancersIT::introduce);
    }

    private static Server listen(TcpOptions options, StreamHandler handler) {
        return Tcp.listen("127.0.0.1", 0, options, handler);
    }

    private static void requireIntroduction(ByteStream stream, String introduction) {
        assertThat(stream.readLine()).isEqualTo(introduction);
        stream.write("x".repeat(30_000) + "\n");
        assertThat(stream.readLine()).hasSize(30_000);
    }

    private static String own(ByteStream stream, int version, boolean tls) {
        return "from %s, version %d, to %s, tls %s"
                .formatted(text(stream.localAddress()), version, text(stream.remoteAddress()), tls);
    }

    // ---- haproxy

    @AsyncTest(seconds = 60)
    void haproxyTellsWhomItServes() {
        int first = Tools.freePort();
        int second = Tools.freePort();
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED));
                Program haproxy =
                        haproxy(
                                """
                                listen one
                                  bind 127.0.0.1:%d
                                  server weft 127.0.0.1:%d send-proxy
                                listen two
                                  bind 127.0.0.1:%d
                                  server weft 127.0.0.1:%d send-proxy-v2
                                """
                                        .formatted(first, server.port(), second, server.port()))) {
            try (ByteStream stream = connect(haproxy, first)) {
                requireIntroduction(stream, own(stream, 1, false));
            }
            try (ByteStream stream = connect(haproxy, second)) {
                requireIntroduction(stream, own(stream, 2, false));
            }
        }
    }

    @AsyncTest(seconds = 60)
    void haproxyBelievesOurHeadersAndHandsThemOn() {
        int port = Tools.freePort();
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED));
                Program haproxy =
                        haproxy(
                                """
                                listen chain
                                  bind 127.0.0.1:%d accept-proxy
                                  server weft 127.0.0.1:%d send-proxy-v2
                                """
                                        .formatted(port, server.port()))) {
            for (int version : new int[] {1, 2}) {
                TcpOptions claiming = TcpOptions.defaults().proxyHeader(CLAIM.version(version));
                try (ByteStream stream = connect(haproxy, "127.0.0.1", port, claiming)) {
                    requireIntroduction(
                            stream,
                            "from 192.0.2.1:1234, version 2, to 198.51.100.2:443, tls false");
                }
            }
            TcpOptions local = TcpOptions.defaults().proxyHeader(ProxyHeader.local());
            try (ByteStream stream = connect(haproxy, "127.0.0.1", port, local)) {
                requireIntroduction(stream, own(stream, 2, false));
            }
        }
    }

    @AsyncTest(seconds = 60)
    void haproxyEndsTlsAndTellsTheNameThatWasAskedFor() {
        int port = Tools.freePort();
        Pki pki = Pki.make(folder);
        Promise<String> authority = Promise.create();
        StreamHandler handler =
                stream -> {
                    ProxyHeader header = stream.proxyHeader();
                    authority.tryComplete(header.authority() + ", tls " + header.isTls());
                    introduce(stream);
                };
        write("both.pem", read("localhost.pem") + read("localhost.key"));
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED), handler);
                Program haproxy =
                        haproxy(
                                """
                                listen tls
                                  bind 127.0.0.1:%d ssl crt %s
                                  server weft 127.0.0.1:%d send-proxy-v2 proxy-v2-options ssl,authority
                                """
                                        .formatted(
                                                port, folder.resolve("both.pem"), server.port()))) {
            TcpOptions tls = TcpOptions.defaults().tls(ClientTls.defaults().trust(pki.trust()));
            try (ByteStream stream = connect(haproxy, "localhost", port, tls)) {
                requireIntroduction(stream, own(stream, 2, false));
                assertThat(Async.await(authority)).isEqualTo("localhost, tls true");
            }
        }
    }

    private String read(String name) {
        try {
            return Files.readString(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @AsyncTest(seconds = 60)
    void haproxysHealthChecksAreItsOwnConnections() {
        Promise<ProxyHeader> check = Promise.create();
        try (Server server =
                        listen(
                                TcpOptions.defaults().proxyProtocol(BELIEVED),
                                stream -> {
                                    check.tryComplete(stream.proxyHeader());
                                    stream.read();
                                });
                Program haproxy =
                        haproxy(
                                """
                                listen checked
                                  bind 127.0.0.1:%d
                                  server weft 127.0.0.1:%d send-proxy-v2 check inter 100ms
                                """
                                        .formatted(Tools.freePort(), server.port()))) {
            ProxyHeader header = Async.timeout(Duration.ofSeconds(20), () -> Async.await(check));
            assertThat(header.source()).isNull();
            assertThat(haproxy.isAlive()).isTrue();
        }
    }

    // ---- nginx

    /** A server of nginx's before ours, to which it sends its header. */
    private static String handingOn(String port, Server server, String more) {
        return """
        server {
            listen 127.0.0.1:%s;
            proxy_pass 127.0.0.1:%d;
            proxy_protocol on;
        %s}
        """
                .formatted(port, server.port(), more);
    }

    @AsyncTest(seconds = 60)
    void nginxTellsWhomItServes() {
        int port = Tools.freePort();
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED));
                Program nginx = nginx(handingOn(String.valueOf(port), server, ""));
                ByteStream stream = connect(nginx, port)) {
            requireIntroduction(stream, own(stream, 1, false));
        }
    }

    @AsyncTest(seconds = 60)
    void nginxBelievesOurHeaders() {
        int port = Tools.freePort();
        try (Program nginx =
                nginx(
                        """
                        server {
                            listen 127.0.0.1:%d proxy_protocol;
                            return "$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_addr\\n";
                        }
                        """
                                .formatted(port))) {
            for (int version : new int[] {1, 2}) {
                TcpOptions claiming = TcpOptions.defaults().proxyHeader(CLAIM.version(version));
                try (ByteStream stream = connect(nginx, "127.0.0.1", port, claiming)) {
                    assertThat(stream.readLine()).isEqualTo("192.0.2.1:1234 198.51.100.2");
                    assertThat(stream.readLine()).isNull();
                }
            }
        }
    }

    @AsyncTest(seconds = 60)
    void nginxEndsTlsBeforeAPlainServer() {
        int port = Tools.freePort();
        Pki pki = Pki.make(folder);
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED));
                Program nginx =
                        nginx(
                                handingOn(
                                        port + " ssl",
                                        server,
                                        """
                                            ssl_certificate %s/localhost.pem;
                                            ssl_certificate_key %s/localhost.key;
                                        """
                                                .formatted(folder, folder)))) {
            TcpOptions tls = TcpOptions.defaults().tls(ClientTls.defaults().trust(pki.trust()));
            try (ByteStream stream = connect(nginx, "localhost", port, tls)) {
                requireIntroduction(stream, own(stream, 1, false));
            }
        }
    }

    @AsyncTest(seconds = 60)
    void nginxPassesTlsOnBehindItsHeader() {
        int port = Tools.freePort();
        Pki pki = Pki.make(folder);
        ServerTls secure = ServerTls.of(pki.identity("localhost"));
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED).tls(secure));
                Program nginx = nginx(handingOn(String.valueOf(port), server, ""))) {
            TcpOptions tls = TcpOptions.defaults().tls(ClientTls.defaults().trust(pki.trust()));
            try (ByteStream stream = connect(nginx, "localhost", port, tls)) {
                requireIntroduction(stream, own(stream, 1, true));
            }
        }
    }

    @AsyncTest(seconds = 60)
    void nginxSpeaksTlsToUsBehindItsHeader() {
        int port = Tools.freePort();
        Pki pki = Pki.make(folder);
        ServerTls secure = ServerTls.of(pki.identity("localhost"));
        try (Server server = listen(TcpOptions.defaults().proxyProtocol(BELIEVED).tls(secure));
                Program nginx =
                        nginx(
                                handingOn(
                                        String.valueOf(port),
                                        server,
                                        """
                                            proxy_ssl on;
                                            proxy_ssl_name localhost;
                                            proxy_ssl_server_name on;
                                            proxy_ssl_verify on;
                                            proxy_ssl_trusted_certificate %s/ca.pem;
                                        """
                                                .formatted(folder)))) {
            try (ByteStream stream = connect(nginx, port)) {
                requireIntroduction(stream, own(stream, 1, true));
            }
        }
    }
}
