package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The programs in {@code examples}, run as their comments say; the JDK's sockets talk to them. */
@Timeout(120)
class ExampleProgramsIT {
    private static final Path FOLDER = Checkout.ROOT.resolve("examples");

    @TempDir Path folder;

    /** A client with lines, which waits for 20 seconds at most. */
    private record Client(Socket socket, BufferedReader in) implements AutoCloseable {
        static Client connect(int port) throws IOException {
            return of(new Socket("127.0.0.1", port));
        }

        static Client of(Socket socket) throws IOException {
            socket.setSoTimeout(20_000);
            return new Client(
                    socket,
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.UTF_8)));
        }

        void send(String line) throws IOException {
            socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        String receive() throws IOException {
            return in.readLine();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Program start(String name, String... args) {
        String[] command =
                Stream.concat(
                                Stream.of("run", FOLDER.resolve(name + ".java").toString()),
                                Stream.of(args))
                        .toArray(String[]::new);
        return Checkout.weft(command);
    }

    private static int port(Program program) {
        String line = program.awaitLine("listening on port ");
        return Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1));
    }

    private static void stop(Program program) {
        program.terminate();
        program.awaitExit();
        assertThat(program.err()).isEmpty();
    }

    @Test
    void eachIsShort() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Path> sources = files.toList();
            assertThat(sources).isNotEmpty();
            for (Path source : sources) {
                assertThat(Files.readAllLines(source)).as(source.toString()).hasSizeLessThan(61);
            }
        }
    }

    @Test
    void theEchoServerSendsBackWhatComes() throws IOException {
        try (Program server = start("EchoServer");
                Client client = Client.connect(port(server))) {
            client.send("hello");
            assertThat(client.receive()).isEqualTo("hello");
            client.socket.shutdownOutput();
            assertThat(client.receive()).isNull();
            stop(server);
        }
    }

    @Test
    void inTheChatEverybodyHearsTheOthers() throws IOException {
        try (Program server = start("LineChat", "0")) {
            int port = port(server);
            try (Client ada = Client.connect(port)) {
                assertThat(ada.receive()).isEqualTo("your name?");
                ada.send("Ada");
                ada.send("anybody here?");
                try (Client bob = join(port, ada, "Bob")) {
                    bob.send("hello Ada");
                    assertThat(ada.receive()).isEqualTo("Bob: hello Ada");
                    ada.send("hello Bob");
                    assertThat(bob.receive()).isEqualTo("Ada: hello Bob");
                    try (Client impostor = Client.connect(port)) {
                        impostor.receive();
                        impostor.send("Bob");
                        assertThat(impostor.receive()).isEqualTo("that name is taken");
                        assertThat(impostor.receive()).isNull();
                    }
                }
                assertThat(ada.receive()).isEqualTo("Bob has left");
            }
            stop(server);
        }
    }

    private static Client join(int port, Client other, String name) throws IOException {
        Client client = Client.connect(port);
        assertThat(client.receive()).isEqualTo("your name?");
        client.send(name);
        assertThat(other.receive()).isEqualTo(name + " has come");
        return client;
    }

    @Test
    void theForwarderCarriesBothWays() throws IOException {
        try (Program server = start("EchoServer")) {
            int target = port(server);
            try (Program forwarder =
                    start("PortForwarder", "0", "127.0.0.1", Integer.toString(target))) {
                try (Client client = Client.connect(port(forwarder))) {
                    client.send("through");
                    assertThat(client.receive()).isEqualTo("through");
                    client.socket.shutdownOutput();
                    assertThat(client.receive()).isNull();
                }
                stop(forwarder);
            }
            stop(server);
        }
    }

    @Test
    void theForwarderSaysWhyItCannotConnect() throws IOException {
        try (Program forwarder = start("PortForwarder", "0", "nobody.invalid", "1");
                Client client = Client.connect(port(forwarder))) {
            forwarder.awaitErrorLine("no address found for host nobody.invalid");
            assertThat(ended(client)).isTrue();
        }
        try (Program program = start("PortForwarder")) {
            assertThat(program.awaitExit()).isEqualTo(2);
            assertThat(program.err())
                    .containsExactly(
                            "usage: PortForwarder PORT HOST HOST_PORT [CHAIN.pem KEY.pem]");
        }
    }

    private Program startTlsForwarder(int target) {
        // Under nohup this JVM and its children ignore SIGHUP.
        return Program.start(
                Tools.heeding(
                        "HUP",
                        Checkout.launcher(
                                "run",
                                FOLDER.resolve("PortForwarder.java").toString(),
                                "0",
                                "127.0.0.1",
                                Integer.toString(target),
                                folder.resolve("localhost.pem").toString(),
                                folder.resolve("localhost.key").toString())));
    }

    @Test
    void theForwarderEndsTlsAndTakesRenewedCertificates() throws Exception {
        Pki pki = Pki.make(folder);
        try (Program server = start("EchoServer");
                Program forwarder = startTlsForwarder(port(server))) {
            int port = port(forwarder);
            X509Certificate first = talkOverTls(pki, port);
            pki.issue("localhost", "ca");
            forwarder.hangUp();
            assertThat(forwarder.awaitLine("certificate")).isEqualTo("certificate read");
            assertThat(talkOverTls(pki, port)).isNotEqualTo(first);
            Files.writeString(folder.resolve("localhost.key"), "");
            forwarder.hangUp();
            forwarder.awaitErrorLine("no private key in it");
            talkOverTls(pki, port);
            forwarder.terminate();
            forwarder.awaitExit();
            stop(server);
        }
    }

    /** Trusts the authority alone. */
    private static SSLContext trusting(Pki pki) throws Exception {
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trustStore(pki));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static KeyStore trustStore(Pki pki) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream in = Files.newInputStream(pki.file(pki.pem("ca")))) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        return store;
    }

    private static X509Certificate talkOverTls(Pki pki, int port) throws Exception {
        SSLContext context = trusting(pki);
        try (SSLSocket socket =
                        (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
                Client client = Client.of(socket)) {
            client.send("secret");
            assertThat(client.receive()).isEqualTo("secret");
            socket.shutdownOutput();
            assertThat(client.receive()).isNull();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    @Test
    void theSocksClientFetchesThroughAProxyOverTls() throws Exception {
        Path microsocks =
                Tools.require(
                        Tools.find("microsocks"), "no microsocks", "apt-get install microsocks");
        Pki pki = Pki.make(folder);
        Path trust = folder.resolve("trust.p12");
        try (OutputStream out = Files.newOutputStream(trust)) {
            trustStore(pki).store(out, "secret".toCharArray());
        }
        int socks = Tools.freePort();
        HttpServer http =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext(
                "/path",
                exchange -> {
                    exchange.getResponseHeaders()
                            .add("X-Host", exchange.getRequestHeaders().getFirst("Host"));
                    exchange.sendResponseHeaders(200, -1);
                    exchange.close();
                });
        http.start();
        List<String> command =
                List.of(
                        microsocks.toString(),
                        "-i",
                        "127.0.0.1",
                        "-p",
                        "" + socks,
                        "-u",
                        "ada",
                        "-P",
                        "secret");
        try (Program proxy = Program.start(new ProcessBuilder(command));
                Program forwarder = startTlsForwarder(http.getAddress().getPort())) {
            String proxyAt = "127.0.0.1:" + socks;
            String url = "https://localhost:" + port(forwarder) + "/path";
            ProcessBuilder client =
                    Checkout.launcher(
                            "run",
                            FOLDER.resolve("SocksClient.java").toString(),
                            proxyAt,
                            url,
                            "ada:secret");
            client.environment()
                    .put(
                            "WEFT_JAVA_OPTIONS",
                            "-Djavax.net.ssl.trustStore="
                                    + trust
                                    + " -Djavax.net.ssl.trustStorePassword=secret");
            try (Program program = Program.start(client)) {
                assertThat(program.awaitExit()).describedAs("%s", program).isZero();
                assertThat(program.out()).contains("HTTP/1.1 200 OK", "X-host: localhost");
                assertThat(program.err()).isEmpty();
            }
            try (Program program = start("SocksClient", proxyAt, url)) {
                assertThat(program.awaitExit()).isEqualTo(1);
                assertThat(program.err())
                        .singleElement()
                        .asString()
                        .contains("give Proxy.credentials");
            }
            assertThat(proxy.isAlive()).isTrue();
        } finally {
            http.stop(0);
        }
        try (Program program = start("SocksClient")) {
            assertThat(program.awaitExit()).isEqualTo(2);
        }
    }

    private static boolean ended(Client client) {
        try {
            return client.receive() == null;
        } catch (IOException e) {
            return true; // reset
        }
    }

    @Test
    void theTimeComesByUdpThoughAQuestionIsLost() throws IOException {
        try (DatagramSocket server = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Program program =
                        start("UdpTime", "127.0.0.1", Integer.toString(server.getLocalPort()))) {
            server.setSoTimeout(20_000);
            DatagramPacket question = new DatagramPacket(new byte[100], 100);
            server.receive(question); // and it is lost
            server.receive(question);
            assertThat(question.getLength()).isEqualTo(48);
            ByteBuffer answer = ByteBuffer.allocate(48);
            answer.put(1, (byte) 1).putLong(24, ByteBuffer.wrap(question.getData()).getLong(40));
            answer.putInt(40, (int) 3_155_673_600L).putInt(44, 1 << 31);
            byte[] forged = answer.array().clone();
            forged[24] ^= 1;
            for (byte[] bytes : List.of(new byte[3], forged, answer.array())) {
                server.send(new DatagramPacket(bytes, bytes.length, question.getSocketAddress()));
            }
            assertThat(program.awaitExit()).describedAs("%s", program).isZero();
            assertThat(program.out()).containsExactly("2000-01-01T00:00:00.500Z");
            assertThat(program.err()).isEmpty();
        }
    }

    @Test
    void withoutATimeServerTheProgramSaysSo() throws IOException {
        int port;
        try (DatagramSocket free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        try (Program program = start("UdpTime", "127.0.0.1", Integer.toString(port))) {
            assertThat(program.awaitExit()).isEqualTo(1);
            assertThat(program.err())
                    .singleElement()
                    .asString()
                    .startsWith("no time from 127.0.0.1: nobody listens on UDP port " + port);
        }
        try (Program program = start("UdpTime")) {
            assertThat(program.awaitExit()).isEqualTo(2);
            assertThat(program.err()).containsExactly("usage: UdpTime HOST [PORT]");
        }
    }

    // ---- HTTP

    @Test
    void theFetcherFetchesAllWithALimitAndTellsHowFarItIs() {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CountDownLatch eight = new CountDownLatch(8);
        try (HttpSite site = HttpSite.open()) {
            site.on(
                    "/page/",
                    exchange -> {
                        most.accumulateAndGet(now.incrementAndGet(), Math::max);
                        eight.countDown();
                        awaitUnchecked(eight);
                        now.decrementAndGet();
                        HttpSite.answer(exchange, 200, "text/plain", "0123456789");
                    });
            String[] urls =
                    Stream.concat(
                                    IntStream.range(0, 40).mapToObj(i -> site.url("/page/" + i)),
                                    Stream.of(site.url("/status/404"), "http://nobody.invalid/"))
                            .toArray(String[]::new);
            try (Program fetcher = start("PageFetcher", urls)) {
                assertThat(fetcher.awaitExit()).describedAs("%s", fetcher).isZero();
                assertThat(fetcher.out())
                        .hasSize(42)
                        .startsWith("200  10 bytes  " + urls[0])
                        .contains("404  8 bytes  " + site.url("/status/404"))
                        .last()
                        .asString()
                        .startsWith("failed  http://nobody.invalid/: no address found");
                assertThat(fetcher.err()).last().asString().endsWith("] 42 of 42");
                assertThat(most).hasValue(8);
            }
        }
    }

    private static void awaitUnchecked(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void theCrawlerFindsThePagesOfOneHostUpToADepth() {
        try (HttpSite site = HttpSite.open();
                HttpSite other = HttpSite.open()) {
            String html = "text/html; charset=utf-8";
            site.on(
                    "/",
                    e ->
                            HttpSite.answer(
                                    e,
                                    200,
                                    html,
                                    "<a href='/a#part'>a</a> <A href=\"x\"> <a class=b href=\"b/c\">b</a>"
                                            + "<a href='"
                                            + other.url("/json")
                                            + "'>elsewhere</a> <a href='mailto:a@b'>mail</a>"));
            site.on("/a", e -> HttpSite.answer(e, 200, html, "<a href='/deep'>d</a> <a href='/'>"));
            site.on("/deep", e -> HttpSite.answer(e, 200, html, "<a href='/deeper'>d</a>"));
            site.on("/b/c", e -> HttpSite.answer(e, 404, html, "<a href='../json'>j</a>"));
            try (Program crawler = start("Crawler", site.url("/"), "2")) {
                assertThat(crawler.awaitExit()).describedAs("%s", crawler).isZero();
                assertThat(crawler.out())
                        .containsExactlyInAnyOrder(
                                "200 " + site.url("/"),
                                "200 " + site.url("/a"),
                                "404 " + site.url("/b/c"),
                                "200 " + site.url("/deep"),
                                "200 " + site.url("/json"));
                assertThat(crawler.err()).isEmpty();
            }
        }
    }
}
