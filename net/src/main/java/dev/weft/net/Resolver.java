package dev.weft.net;

import dev.weft.net.internal.Names;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * Finds the addresses of a host name. {@link TcpOptions#resolver} sets one: for a registry of
 * services, fixed addresses in tests, a cache of one's own.
 *
 * {@snippet file="HappyEyeballsTest.java" region="resolver"}
 */
@FunctionalInterface
public interface Resolver {
    /**
     * Looks a name up. Called in the task that connects: it may suspend, and is cancelled with it
     * or when the time for connecting is over. Literal addresses are not asked for.
     *
     * @param host the name
     * @return its addresses, the preferred one first; of either family
     * @throws IOException if that fails; an {@code UnknownHostException} if there is no such name
     */
    List<InetAddress> resolve(String host) throws IOException;

    /**
     * The default: {@link #dns(DnsOptions)} with the default options.
     *
     * @return a resolver that asks the system's name servers
     */
    static Resolver dns() {
        return Names.DNS;
    }

    /**
     * Asks name servers, after the hosts file, without blocking anything: for IPv4 and IPv6 at the
     * same time, by UDP, and by TCP when an answer does not fit. Search domains are tried as {@code
     * resolv.conf} says. Each loop remembers answers, those that there is none as well, as long as
     * they say (RFC 2308), within the options' bounds.
     *
     * <p>When one family has answered, the other has 50 ms more (RFC 8305, section 3). IPv6 comes
     * first where this machine has a global IPv6 address.
     *
     * <p>What it throws: {@link HostNotFoundException} with a reason, {@link TimedOutException}
     * when {@link DnsOptions#lookupTimeout} is over.
     *
     * @param options whom to ask, how long, and what to remember; the memory is that of this very
     *     object on each loop
     * @return a resolver
     */
    static Resolver dns(DnsOptions options) {
        return Names.dns(options);
    }
}
