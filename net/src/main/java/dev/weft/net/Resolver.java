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
     * The default: asks the name servers of the system, after its hosts file, without blocking
     * anything.
     *
     * @return a resolver that keeps answers as long as they say, for each loop
     */
    static Resolver dns() {
        return Names.DNS;
    }
}
