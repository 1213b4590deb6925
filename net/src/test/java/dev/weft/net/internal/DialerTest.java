package dev.weft.net.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order in which addresses are tried (RFC 8305, section 4). */
class DialerTest {
    private static List<InetAddress> addresses(String... texts) throws UnknownHostException {
        List<InetAddress> addresses = new ArrayList<>();
        for (String text : texts) {
            addresses.add(InetAddress.getByName(text));
        }
        return addresses;
    }

    @Test
    void familiesTakeTurnsBeginningWithTheFirst() throws UnknownHostException {
        assertThat(Dialer.familiesInTurn(addresses("::1", "::2", "::3", "1.1.1.1", "1.1.1.2")))
                .isEqualTo(addresses("::1", "1.1.1.1", "::2", "1.1.1.2", "::3"));
        assertThat(Dialer.familiesInTurn(addresses("1.1.1.1", "1.1.1.2", "::1")))
                .isEqualTo(addresses("1.1.1.1", "::1", "1.1.1.2"));
        assertThat(Dialer.familiesInTurn(addresses("1.1.1.2", "1.1.1.1")))
                .isEqualTo(addresses("1.1.1.2", "1.1.1.1"));
        assertThat(Dialer.familiesInTurn(List.of())).isEmpty();
    }
}
