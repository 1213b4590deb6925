package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Async;
import dev.weft.net.DnsOptions;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.HostNotFoundException.Reason;
import dev.weft.net.Resolver;
import dev.weft.net.TimedOutException;
import dev.weft.net.Udp;
import dev.weft.net.UdpSocket;
import dev.weft.testkit.AsyncTest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Looking names up with dnsmasq, whose log says what it was asked. */
class DnsmasqIT {
    @TempDir Path folder;

    private Program dnsmasq;
    private InetSocketAddress address;

    @BeforeEach
    void start() throws IOException {
        Path many = folder.resolve("many");
        Files.writeString(
                many,
                IntStream.rangeClosed(1, 200)
                        .mapToObj(i -> "192.0.2." + i + " many.test\n")
                        .collect(Collectors.joining()));
        start(
                """
                addn-hosts=%s
                local=/test/
                host-record=short.test,192.0.2.1,2001:db8::1,1
                host-record=long.test,192.0.2.2,3600
                host-record=web.second.test,192.0.2.3,60
                host-record=target.test,192.0.2.4,60
                cname=alias.test,target.test
                txt-record=text.test,nothing but text
                """
                        .formatted(many));
    }

    /** Starts it, in place of one that runs. */
    private void start(String configuration) throws IOException {
        end();
        Path program =
                Tools.require(Tools.find("dnsmasq"), "no dnsmasq", "apt-get install dnsmasq-base");
        int port = Tools.freePort();
        address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Path file = folder.resolve("dnsmasq.conf");
        String common =
                """
                keep-in-foreground
                port=%d
                listen-address=127.0.0.1
                bind-interfaces
                no-resolv
                no-hosts
                user=
                pid-file=
                log-queries
                log-facility=-
                """
                        .formatted(port);
        Files.writeString(file, common + configuration);
        dnsmasq = Program.start(new ProcessBuilder(program.toString(), "--conf-file=" + file));
        dnsmasq.awaitErrorLine("started");
    }

    @AfterEach
    void end() {
        if (dnsmasq != null) {
            dnsmasq.close();
        }
    }

    private DnsOptions options() {
        return DnsOptions.defaults()
                .nameServers(List.of(address))
                .searchDomains(List.of())
                .hostsFile(folder.resolve("none"));
    }

    private static List<String> addresses(Resolver resolver, String host) throws IOException {
        return resolver.resolve(host).stream().map(InetAddress::getHostAddress).sorted().toList();
    }

    private long asked(String question) {
        return dnsmasq.err().stream().filter(l -> l.contains(question + " from ")).count();
    }

    private void requireAsked(String question, int times) {
        Async.timeout(
                Duration.ofSeconds(10),
                () -> {
                    while (asked(question) < times) {
                        Async.sleep(Duration.ofMillis(5)); // the log is read by another thread
                    }
                });
        assertThat(asked(question)).isEqualTo(times);
    }

    @AsyncTest
    void theTimeToLiveIsHonoured() throws Exception {
        Resolver resolver = Resolver.dns(options());
        for (int i = 0; i < 3; i++) {
            assertThat(addresses(resolver, "short.test"))
                    .containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1");
            addresses(resolver, "long.test");
        }
        requireAsked("query[A] short.test", 1);
        Async.sleep(Duration.ofMillis(1100));
        addresses(resolver, "short.test");
        addresses(resolver, "long.test");
        requireAsked("query[A] short.test", 2);
        requireAsked("query[AAAA] short.test", 2);
        requireAsked("query[A] long.test", 1);
    }

    @AsyncTest
    void aMissingNameIsSaidToBeAndRememberedAsLongAsItsZoneSays() throws Exception {
        // As a zone's own server, whose negative answers have an SOA record.
        start(
                """
                auth-server=ns.zone.example,127.0.0.1
                auth-zone=zone.example
                auth-soa=1,admin.zone.example,1200,120,1209600
                auth-ttl=1
                host-record=there.zone.example,192.0.2.5
                """);
        Resolver resolver = Resolver.dns(options());
        assertThat(addresses(resolver, "there.zone.example")).containsExactly("192.0.2.5");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> resolver.resolve("missing.zone.example"))
                    .isInstanceOfSatisfying(
                            HostNotFoundException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.NO_SUCH_NAME))
                    .hasMessageContaining("missing.zone.example: there is no such name (NXDOMAIN");
        }
        requireAsked("auth[A] missing.zone.example", 1);
        Async.sleep(Duration.ofMillis(1100));
        assertThatThrownBy(() -> resolver.resolve("missing.zone.example"))
                .isInstanceOf(HostNotFoundException.class);
        requireAsked("auth[A] missing.zone.example", 2);
    }

    @AsyncTest
    void aMissingNameIsNotRememberedIfNobodySaysHowLong() {
        Resolver resolver = Resolver.dns(options());
        for (int i = 1; i <= 2; i++) {
            assertThatThrownBy(() -> resolver.resolve("missing.test"))
                    .hasMessageContaining("there is no such name (NXDOMAIN");
            requireAsked("query[A] missing.test", i);
        }
    }

    @AsyncTest
    void aNameWithoutAddressesIsNotMissing() {
        assertThatThrownBy(() -> Resolver.dns(options()).resolve("text.test"))
                .isInstanceOfSatisfying(
                        HostNotFoundException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.NO_ADDRESS));
    }

    @AsyncTest
    void whatItDoesNotServeIsAFailure() {
        assertThatThrownBy(() -> Resolver.dns(options()).resolve("www.else.where"))
                .isInstanceOfSatisfying(
                        HostNotFoundException.class,
                        e -> assertThat(e.reason()).isEqualTo(Reason.SERVERS_FAILED))
                .hasMessageContaining("REFUSED");
    }

    @AsyncTest
    void manyAddressesComeByTcp() throws Exception {
        assertThat(addresses(Resolver.dns(options()), "many.test")).hasSize(200);
        requireAsked("query[A] many.test", 2);
    }

    @AsyncTest
    void aliasesAndSearchDomainsLeadThere() throws Exception {
        Resolver resolver =
                Resolver.dns(options().searchDomains(List.of("first.test", "second.test")));
        assertThat(addresses(resolver, "web")).containsExactly("192.0.2.3");
        assertThat(addresses(resolver, "alias.test")).containsExactly("192.0.2.4");
    }

    @AsyncTest
    void aPortThatSwallowsIsTimedOut() {
        try (UdpSocket swallows = Udp.bind("127.0.0.1", 0)) {
            DnsOptions silent =
                    options()
                            .nameServers(List.of(swallows.localAddress()))
                            .queryTimeout(Duration.ofMillis(200))
                            .lookupTimeout(Duration.ofMillis(500));
            assertThatThrownBy(() -> Resolver.dns(silent).resolve("long.test"))
                    .isInstanceOf(TimedOutException.class)
                    .hasMessageContaining("looking up host long.test took more than 500 ms");
        }
    }
}
