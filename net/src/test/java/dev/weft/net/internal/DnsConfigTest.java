package dev.weft.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What stands in a resolv.conf. */
class DnsConfigTest {
    @Test
    void serversDomainsAndDotsAreRead() {
        DnsConfig.Resolv resolv =
                DnsConfig.parse(
                        List.of(
                                "# nameserver 192.0.2.9",
                                "; nameserver 192.0.2.9",
                                "nameserver 192.0.2.1",
                                "nameserver\t2001:db8::1  ",
                                "nameserver nonsense",
                                "nameserver",
                                "domain first.test",
                                "search Second.Test. third.test .",
                                "options rotate ndots:3 timeout:1",
                                "sortlist 192.0.2.0"));
        assertThat(resolv.servers())
                .map(s -> s.getAddress().getHostAddress() + " " + s.getPort())
                .containsExactly("192.0.2.1 53", "2001:db8:0:0:0:0:0:1 53");
        assertThat(resolv.search()).containsExactly("second.test", "third.test");
        assertThat(resolv.ndots()).isEqualTo(3);
    }

    @Test
    void nothingIsNoServerAndOneDot() {
        DnsConfig.Resolv resolv = DnsConfig.parse(List.of("", "options ndots:x", "search"));
        assertThat(resolv.servers()).isEmpty();
        assertThat(resolv.search()).isEmpty();
        assertThat(resolv.ndots()).isEqualTo(1);
        assertThat(DnsConfig.parse(List.of("options ndots:99")).ndots()).isEqualTo(15);
    }
}
