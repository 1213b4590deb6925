package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.net.HostNotFoundException.Reason;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.io.TempDir;

/** Looking names up with a name server of the test's. */
class DnsTest {
    @TempDir Path folder;

    private static List<String> addresses(Resolver resolver, String host) throws IOException {
        return resolver.resolve(host).stream().map(InetAddress::getHostAddress).sorted().toList();
    }

    private static AbstractThrowableAssert<?, ?> failure(Resolver resolver, String host) {
        return assertThatThrownBy(() -> resolver.resolve(host));
    }

    @AsyncTest
    void bothFamiliesAreAskedForAndFound() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("host.test", 60, "192.0.2.1")
                    .address("host.test", 60, "192.0.2.2")
                    .address("host.test", 60, "2001:db8::1");
            Resolver resolver = Resolver.dns(server.options());
            assertThat(addresses(resolver, "host.test"))
                    .containsExactly("192.0.2.1", "192.0.2.2", "2001:db8:0:0:0:0:0:1");
            assertThat(addresses(resolver, "Host.Test.")).hasSize(3);
            assertThat(server.asked).containsExactlyInAnyOrder("host.test AAAA", "host.test A");
        }
    }

    @AsyncTest(transport = Transport.NIO)
    void namesAreFoundOnNioToo() throws Exception {
        bothFamiliesAreAskedForAndFound();
        anAnswerThatDoesNotFitComesByTcp();
    }

    @AsyncTest
    void connectingUsesThem() throws Exception {
        try (DnsServer server = DnsServer.start();
                Server echo = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            server.address("echo.example.org", 60, "127.0.0.1");
            // @start region="dns"
            DnsOptions dns =
                    DnsOptions.defaults()
                            .nameServers(List.of(server.address()))
                            .searchDomains(List.of("example.org"))
                            .lookupTimeout(Duration.ofSeconds(2));
            TcpOptions options = TcpOptions.defaults().resolver(Resolver.dns(dns));
            try (ByteStream stream = Tcp.connect("echo", echo.port(), options)) {
                stream.write("hello");
            }
            // @end
        }
    }

    // ---- memory

    @AsyncTest
    void anAnswerIsRememberedAsLongAsItSays() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("short.test", 1, "192.0.2.1").address("never.test", 0, "192.0.2.2");
            Resolver resolver = Resolver.dns(server.options());
            addresses(resolver, "short.test");
            addresses(resolver, "short.test");
            assertThat(server.asked).filteredOn(q -> q.equals("short.test A")).hasSize(1);
            Async.sleep(Duration.ofMillis(1050));
            server.forget("short.test");
            server.address("short.test", 1, "192.0.2.9");
            assertThat(addresses(resolver, "short.test")).containsExactly("192.0.2.9");
            assertThat(server.asked).filteredOn(q -> q.equals("short.test A")).hasSize(2);
            addresses(resolver, "never.test");
            addresses(resolver, "never.test");
            assertThat(server.asked).filteredOn(q -> q.equals("never.test A")).hasSize(2);
        }
    }

    @AsyncTest
    void boundsOfTheTimeToLiveHold() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("long.test", 100_000, "192.0.2.1").address("zero.test", 0, "192.0.2.2");
            Resolver forgetful = Resolver.dns(server.options().maxTtl(Duration.ofMillis(50)));
            addresses(forgetful, "long.test");
            Async.sleep(Duration.ofMillis(60));
            addresses(forgetful, "long.test");
            assertThat(server.asked).filteredOn(q -> q.equals("long.test A")).hasSize(2);
            Resolver thrifty = Resolver.dns(server.options().minTtl(Duration.ofMinutes(1)));
            addresses(thrifty, "zero.test");
            addresses(thrifty, "zero.test");
            assertThat(server.asked).filteredOn(q -> q.equals("zero.test A")).hasSize(1);
        }
    }

    @AsyncTest
    void thatANameDoesNotExistIsRememberedAsLongAsTheServerSays() {
        try (DnsServer server = DnsServer.start()) {
            server.negativeTtl = 1;
            Resolver resolver = Resolver.dns(server.options());
            for (int i = 0; i < 3; i++) {
                failure(resolver, "missing.test")
                        .isInstanceOfSatisfying(
                                HostNotFoundException.class,
                                e -> {
                                    assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_NAME);
                                    assertThat(e.host()).isEqualTo("missing.test");
                                })
                        .hasMessageContaining(
                                "no address found for host missing.test: there is no such name (NXDOMAIN");
            }
            assertThat(server.asked).filteredOn(q -> q.equals("missing.test A")).hasSize(1);
            Async.sleep(Duration.ofMillis(1050));
            failure(resolver, "missing.test").isInstanceOf(HostNotFoundException.class);
            assertThat(server.asked).filteredOn(q -> q.equals("missing.test A")).hasSize(2);
            server.negativeTtl = -1; // RFC 2308: not to be remembered
            failure(resolver, "another.test").isInstanceOf(HostNotFoundException.class);
            failure(resolver, "another.test").isInstanceOf(HostNotFoundException.class);
            assertThat(server.asked).filteredOn(q -> q.equals("another.test A")).hasSize(2);
        }
    }

    @AsyncTest
    void negativeAnswersHaveABoundToo() {
        try (DnsServer server = DnsServer.start()) {
            server.negativeTtl = 3600;
            Resolver resolver =
                    Resolver.dns(server.options().maxNegativeTtl(Duration.ofMillis(50)));
            failure(resolver, "missing.test").isInstanceOf(HostNotFoundException.class);
            Async.sleep(Duration.ofMillis(60));
            failure(resolver, "missing.test").isInstanceOf(HostNotFoundException.class);
            assertThat(server.asked).filteredOn(q -> q.equals("missing.test A")).hasSize(2);
        }
    }

    @AsyncTest
    void theMemoryIsBoundedAndMayBeNone() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            for (int i = 0; i < 10; i++) {
                server.address("h" + i + ".test", 60, "192.0.2." + i);
            }
            server.negativeTtl = 0;
            Resolver small = Resolver.dns(server.options().cacheEntries(4));
            for (int i = 0; i < 10; i++) {
                addresses(small, "h" + i + ".test");
            }
            addresses(small, "h9.test");
            assertThat(server.asked).filteredOn(q -> q.equals("h9.test A")).hasSize(1);
            addresses(small, "h0.test");
            assertThat(server.asked).filteredOn(q -> q.equals("h0.test A")).hasSize(2);
            Resolver none = Resolver.dns(server.options().cacheEntries(0));
            addresses(none, "h5.test");
            addresses(none, "h5.test");
            assertThat(server.asked).filteredOn(q -> q.equals("h5.test A")).hasSize(3);
        }
    }

    @AsyncTest
    void whoAsksTheSameAtTheSameTimeSharesTheQuestion() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("host.test", 0, "192.0.2.1");
            Resolver resolver = Resolver.dns(server.options());
            addresses(resolver, "host.test");
            server.asked.clear();
            List<Task<List<String>>> askers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                askers.add(async(() -> addresses(resolver, "host.test")));
            }
            Async.yieldNow();
            askers.getFirst().cancel(); // the others go on
            for (Task<List<String>> asker : askers.subList(1, 50)) {
                assertThat(await(asker)).containsExactly("192.0.2.1");
            }
            assertThat(server.asked).hasSizeLessThanOrEqualTo(4);
        }
    }

    @AsyncTest
    void manyNamesAtOnceAreAllFound() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            List<Task<List<String>>> askers = new ArrayList<>();
            Resolver resolver = Resolver.dns(server.options().queryTimeout(Duration.ofSeconds(3)));
            for (int i = 0; i < 300; i++) {
                String name = "h" + i + ".test";
                server.address(name, 60, "192.0.2." + i % 250);
                askers.add(async(() -> addresses(resolver, name)));
            }
            for (Task<List<String>> asker : askers) {
                assertThat(await(asker)).hasSize(1);
            }
        }
    }

    // ---- answers

    @AsyncTest
    void anAnswerThatDoesNotFitComesByTcp() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            for (int i = 1; i <= 200; i++) {
                server.address("many.test", 60, "192.0.2." + i);
            }
            server.truncates = true;
            assertThat(addresses(Resolver.dns(server.options()), "many.test")).hasSize(200);
            assertThat(server.asked).contains("many.test A", "many.test A tcp");
        }
    }

    @AsyncTest
    void anAnswerThatDoesNotFitAndDoesNotComeByTcpEither() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("many.test", 60, "192.0.2.1");
            server.truncates = true;
            server.silentByTcp = true;
            failure(
                            Resolver.dns(server.options().queryTimeout(Duration.ofMillis(100))),
                            "many.test")
                    .isInstanceOfSatisfying(
                            HostNotFoundException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.SERVERS_FAILED))
                    .hasMessageContaining("too long an answer of 127.0.0.1")
                    .hasMessageContaining("and by TCP: no answer");
            long before = sockets();
            Resolver patient = Resolver.dns(server.options().queryTimeout(Duration.ofSeconds(30)));
            server.asked.clear();
            Task<?> asker = async(() -> patient.resolve("many.test"));
            while (!server.asked.contains("many.test A tcp")) {
                Async.sleep(Duration.ofMillis(1));
            }
            asker.cancel();
            for (int i = 0; i < 1000 && sockets() > before; i++) {
                Async.sleep(Duration.ofMillis(1));
            }
            assertThat(sockets()).isLessThanOrEqualTo(before);
        }
    }

    @AsyncTest
    void aliasesAreFollowed() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.alias("www.test", 60, "host.test", "192.0.2.7")
                    .alias("ftp.test", 60, "elsewhere.test", null)
                    .address("elsewhere.test", 60, "192.0.2.8")
                    .alias("round.test", 60, "round.test", null)
                    .alias("ping.test", 60, "pong.test", null)
                    .alias("pong.test", 60, "ping.test", null);
            Resolver resolver = Resolver.dns(server.options());
            assertThat(addresses(resolver, "www.test")).containsExactly("192.0.2.7");
            assertThat(addresses(resolver, "ftp.test")).containsExactly("192.0.2.8");
            for (String circle : List.of("round.test", "ping.test")) {
                failure(resolver, circle)
                        .isInstanceOfSatisfying(
                                HostNotFoundException.class,
                                e -> assertThat(e.reason()).isEqualTo(Reason.NO_ADDRESS));
            }
        }
    }

    @AsyncTest
    void aNameWithoutAnAddressIsNotAMissingOne() {
        try (DnsServer server = DnsServer.start()) {
            server.code("empty.test", DnsServer.NOERROR);
            failure(Resolver.dns(server.options()), "empty.test")
                    .isInstanceOfSatisfying(
                            HostNotFoundException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.NO_ADDRESS))
                    .hasMessageContaining("the name exists, without an address");
        }
    }

    @AsyncTest
    void aServersFailureIsNotAMissingName() throws Exception {
        try (DnsServer bad = DnsServer.start();
                DnsServer good = DnsServer.start()) {
            bad.code("host.test", DnsServer.SERVFAIL);
            good.address("host.test", 60, "192.0.2.1");
            failure(Resolver.dns(bad.options()), "host.test")
                    .isInstanceOfSatisfying(
                            HostNotFoundException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.SERVERS_FAILED))
                    .hasMessageContaining("the name servers failed (SERVFAIL")
                    .hasMessageContaining("127.0.0.1 port " + bad.address().getPort());
            DnsOptions both = bad.options().nameServers(List.of(bad.address(), good.address()));
            assertThat(addresses(Resolver.dns(both), "host.test")).containsExactly("192.0.2.1");
        }
    }

    // ---- silence

    @AsyncTest
    void aServerThatDoesNotAnswerEndsWithinTheLimit() {
        try (DnsServer server = DnsServer.start()) {
            server.silent = true;
            DnsOptions options =
                    server.options()
                            .queryTimeout(Duration.ofMillis(50))
                            .lookupTimeout(Duration.ofMillis(300));
            failure(Resolver.dns(options), "host.test")
                    .isInstanceOfSatisfying(
                            TimedOutException.class,
                            e -> assertThat(e.limit()).isEqualTo(Duration.ofMillis(300)))
                    .hasMessageContaining("looking up host host.test took more than 300 ms")
                    .hasMessageContaining("port " + server.address().getPort() + " did not answer");
            assertThat(server.count("host.test")).as("asked again").isGreaterThan(2);
            TcpOptions tcp = TcpOptions.defaults().resolver(Resolver.dns(options));
            assertThatThrownBy(() -> Tcp.connect("host.test", 80, tcp))
                    .isInstanceOf(TimedOutException.class);
        }
    }

    @AsyncTest
    void theNextServerIsAskedAndThenFirst() throws Exception {
        try (DnsServer dead = DnsServer.start();
                DnsServer alive = DnsServer.start()) {
            dead.silent = true;
            alive.address("a.test", 60, "192.0.2.1").address("b.test", 60, "192.0.2.2");
            alive.negativeTtl = 60;
            Resolver resolver =
                    Resolver.dns(
                            alive.options()
                                    .queryTimeout(Duration.ofMillis(100))
                                    .nameServers(List.of(dead.address(), alive.address())));
            assertThat(addresses(resolver, "a.test")).containsExactly("192.0.2.1");
            int before = dead.asked.size();
            assertThat(addresses(resolver, "b.test")).containsExactly("192.0.2.2");
            assertThat(dead.asked).hasSize(before);
        }
    }

    @AsyncTest
    void oneFamilyThatIsNotAnsweredHoldsNobodyUp() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.address("host.test", 60, "192.0.2.1");
            server.silentFor.add("host.test AAAA");
            long start = System.nanoTime();
            DnsOptions patient = server.options().queryTimeout(Duration.ofSeconds(3));
            assertThat(addresses(Resolver.dns(patient), "host.test")).containsExactly("192.0.2.1");
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(Duration.ofSeconds(2));
        }
    }

    @AsyncTest
    void aCancelledLookupLeavesNothing() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.silent = true;
            Resolver resolver = Resolver.dns(server.options());
            failure(Resolver.dns(server.options().lookupTimeout(Duration.ofMillis(50))), "x.test")
                    .isInstanceOf(TimedOutException.class);
            Async.sleep(Duration.ofMillis(20));
            long before = sockets();
            List<Task<?>> askers = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                String name = "h" + i + ".test";
                askers.add(async(() -> resolver.resolve(name)));
            }
            while (server.asked.size() < 40) {
                Async.sleep(Duration.ofMillis(1));
            }
            assertThat(sockets()).isGreaterThan(before + 20);
            askers.forEach(Task::cancel);
            for (Task<?> asker : askers) {
                assertThatThrownBy(() -> await(asker)).isInstanceOf(CancellationException.class);
            }
            for (int i = 0; i < 1000 && sockets() > before; i++) {
                Async.sleep(Duration.ofMillis(1));
            }
            assertThat(sockets()).isLessThanOrEqualTo(before);
        }
    }

    private static long sockets() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(DnsTest::isSocket).count();
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            return false;
        }
    }

    // ---- names

    @AsyncTest
    void shortNamesAreSearchedFor() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            server.negativeTtl = 60;
            server.address("web.second.test", 60, "192.0.2.1")
                    .address("web.top", 60, "192.0.2.2")
                    .address("alone", 60, "192.0.2.3");
            Resolver resolver =
                    Resolver.dns(
                            server.options().searchDomains(List.of("first.test", "second.test")));
            for (int i = 0; i < 2; i++) { // the second time from memory
                assertThat(addresses(resolver, "web")).containsExactly("192.0.2.1");
            }
            assertThat(server.asked)
                    .containsExactlyInAnyOrder(
                            "web.first.test A",
                            "web.first.test AAAA",
                            "web.second.test A",
                            "web.second.test AAAA");
            assertThat(addresses(resolver, "web.top")).containsExactly("192.0.2.2");
            assertThat(addresses(resolver, "alone")).containsExactly("192.0.2.3");
            server.asked.clear();
            failure(resolver, "web.").isInstanceOf(HostNotFoundException.class);
            assertThat(server.asked).containsOnly("web A", "web AAAA");
            failure(resolver, "nowhere")
                    .hasMessageContaining(
                            "(tried nowhere.first.test, nowhere.second.test, nowhere)");
            Resolver deep =
                    Resolver.dns(server.options().searchDomains(List.of("second.test")).ndots(2));
            server.address("a.b.second.test", 60, "192.0.2.4");
            assertThat(addresses(deep, "a.b")).containsExactly("192.0.2.4");
        }
    }

    @AsyncTest
    void theHostsFileComesFirstAndIsReadAgain() throws Exception {
        Path hosts = folder.resolve("hosts");
        Files.writeString(hosts, "192.0.2.5 box.test box # comment\n2001:db8::5 box.test\n");
        try (DnsServer server = DnsServer.start()) {
            Resolver resolver = Resolver.dns(server.options().hostsFile(hosts));
            assertThat(addresses(resolver, "BOX.test"))
                    .containsExactly("192.0.2.5", "2001:db8:0:0:0:0:0:5");
            assertThat(addresses(resolver, "box")).containsExactly("192.0.2.5");
            assertThat(server.asked).isEmpty();
        }
    }

    @AsyncTest
    void reservedNamesAreNeverAskedFor() throws Exception {
        try (DnsServer server = DnsServer.start()) {
            Resolver resolver = Resolver.dns(server.options());
            assertThat(addresses(resolver, "localhost"))
                    .containsExactly("0:0:0:0:0:0:0:1", "127.0.0.1");
            assertThat(addresses(resolver, "any.localhost.")).hasSize(2);
            failure(resolver, "x.invalid.")
                    .isInstanceOf(HostNotFoundException.class)
                    .hasMessageContaining("it is reserved to be invalid");
            for (String name : List.of("", ".", "a..b", "x".repeat(64) + ".test")) {
                failure(resolver, name)
                        .isInstanceOf(HostNotFoundException.class)
                        .hasMessageContaining("it is no name of a host");
            }
            assertThat(server.asked).isEmpty();
            server.address("xn--bcher-kva.test", 60, "192.0.2.6");
            assertThat(addresses(resolver, "b\u00fccher.test")).containsExactly("192.0.2.6");
        }
    }

    @AsyncTest
    void aServerThatTalksNonsenseIsSilent() throws Exception {
        UdpSocket liar = Udp.bind("127.0.0.1", 0);
        Task<?> lying =
                async(() -> {
                    for (Datagram question : liar.datagrams()) {
                        byte[] wrongId = question.bytes().clone();
                        wrongId[0] ^= 1;
                        wrongId[2] |= (byte) 0x80;
                        for (byte[] nonsense :
                                List.of(
                                        new byte[] {1, 2, 3},
                                        wrongId,
                                        new byte[0],
                                        new byte[2000])) {
                            liar.send(nonsense, question.sender());
                        }
                    }
                });
        DnsOptions options =
                DnsOptions.defaults()
                        .nameServers(List.of(liar.localAddress()))
                        .searchDomains(List.of())
                        .queryTimeout(Duration.ofMillis(100))
                        .lookupTimeout(Duration.ofMillis(300));
        failure(Resolver.dns(options), "host.test")
                .isInstanceOfAny(TimedOutException.class, HostNotFoundException.class);
        liar.close();
        await(lying);
    }

    @AsyncTest
    void aServerThatCannotBeReachedIsSaid() {
        // There is no route from a loopback address; or there is, and nobody answers.
        DnsOptions options =
                DnsOptions.defaults()
                        .nameServers(List.of(new InetSocketAddress("127.0.0.1", 1)))
                        .searchDomains(List.of())
                        .queryTimeout(Duration.ofMillis(50))
                        .lookupTimeout(Duration.ofMillis(200));
        failure(Resolver.dns(options), "host.test")
                .isInstanceOfAny(TimedOutException.class, HostNotFoundException.class)
                .hasMessageContaining("127.0.0.1 port 1");
    }

    @AsyncTest
    void optionsAreChecked() {
        DnsOptions options = DnsOptions.defaults();
        assertThatThrownBy(() -> options.ndots(16)).hasMessage("ndots must be 0 to 15, was 16");
        assertThatThrownBy(() -> options.cacheEntries(-1))
                .hasMessage("cacheEntries must be >= 0, was -1");
        assertThatThrownBy(() -> options.lookupTimeout(Duration.ZERO))
                .hasMessage("lookupTimeout must be > 0, was PT0S");
        assertThatThrownBy(() ->
                        options.nameServers(List.of(InetSocketAddress.createUnresolved("ns", 53))))
                .hasMessageContaining("nameServers must be resolved");
        assertThat(options.searchDomains(null).ndots(null).searchDomains()).isNull();
    }
}
