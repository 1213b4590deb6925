package dev.weft.net.internal;

import dev.weft.net.DnsOptions;
import io.netty.resolver.HostsFileEntriesProvider;
import io.netty.resolver.dns.DefaultDnsServerAddressStreamProvider;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the system says about names: {@code resolv.conf(5)}, {@code hosts(5)}, and which families
 * its network has.
 *
 * @param servers the name servers, never none
 * @param search the search domains
 * @param ndots how many dots a name has that is asked for as it is first
 * @param ipv4 the hosts file's addresses
 * @param ipv6 the same
 * @param hasIpv6 whether any interface has an IPv6 address
 * @param hasGlobalIpv6 whether one has an address that others can reach
 */
record DnsConfig(
        List<InetSocketAddress> servers,
        List<String> search,
        int ndots,
        Map<String, List<InetAddress>> ipv4,
        Map<String, List<InetAddress>> ipv6,
        boolean hasIpv6,
        boolean hasGlobalIpv6) {
    private static final Logger LOG = LoggerFactory.getLogger(DnsConfig.class);
    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");
    private static final int PORT = 53;

    /** glibc's bound, for the same reason: a typing error must not send thousands of queries. */
    private static final int MAX_SEARCH_DOMAINS = 32;

    /** What {@code resolv.conf} says. */
    record Resolv(List<InetSocketAddress> servers, List<String> search, int ndots) {}

    /** Reads files: not on the loop's thread. */
    static DnsConfig read(DnsOptions options) {
        Resolv resolv = parse(lines(RESOLV_CONF));
        List<InetSocketAddress> servers =
                !options.nameServers().isEmpty()
                        ? options.nameServers()
                        : !resolv.servers.isEmpty()
                                ? resolv.servers
                                : DefaultDnsServerAddressStreamProvider.defaultAddressList();
        List<String> search = options.searchDomains();
        Integer ndots = options.ndots();
        HostsFileEntriesProvider hosts =
                HostsFileEntriesProvider.parser()
                        .parseSilently(options.hostsFile().toFile(), StandardCharsets.UTF_8);
        return new DnsConfig(
                servers,
                search != null ? search : resolv.search,
                ndots != null ? ndots : resolv.ndots,
                hosts.ipv4Entries(),
                hosts.ipv6Entries(),
                anyAddress(a -> a instanceof Inet6Address),
                anyAddress(a -> a instanceof Inet6Address && isGlobal(a)));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file)
                    ? Files.readAllLines(file, StandardCharsets.ISO_8859_1)
                    : List.of();
        } catch (IOException e) {
            LOG.warn("cannot read {}: name servers are guessed", file, e);
            return List.of();
        }
    }

    /**
     * The lines of a {@code resolv.conf}; what cannot be understood is passed over, as by glibc.
     */
    static Resolv parse(List<String> lines) {
        List<InetSocketAddress> servers = new ArrayList<>();
        List<String> search = List.of();
        int ndots = 1;
        for (String line : lines) {
            String[] words = line.strip().split("\\s+");
            if (words.length < 2 || line.startsWith("#") || line.startsWith(";")) {
                continue;
            }
            switch (words[0]) {
                case "nameserver" -> {
                    byte[] address = NetUtil.createByteArrayFromIpAddressString(words[1]);
                    if (address != null) {
                        servers.add(new InetSocketAddress(inetAddress(address), PORT));
                    }
                }
                case "domain", "search" ->
                        search =
                                Stream.of(words)
                                        .skip(1)
                                        .limit(MAX_SEARCH_DOMAINS)
                                        .map(DnsConfig::withoutDots)
                                        .filter(d -> !d.isEmpty())
                                        .toList();
                case "options" -> ndots = ndots(words, ndots);
                default -> LOG.trace("not understood in resolv.conf: {}", line);
            }
        }
        return new Resolv(List.copyOf(servers), search, ndots);
    }

    private static InetAddress inetAddress(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (IOException e) {
            throw new IllegalArgumentException("no address", e);
        }
    }

    static String withoutDots(String domain) {
        String name = domain.toLowerCase(Locale.ROOT);
        int from = name.startsWith(".") ? 1 : 0;
        int to = name.endsWith(".") ? name.length() - 1 : name.length();
        return from < to ? name.substring(from, to) : "";
    }

    private static int ndots(String[] words, int otherwise) {
        for (String word : words) {
            if (word.matches("ndots:\\d{1,3}")) {
                return Math.min(Integer.parseInt(word.substring("ndots:".length())), 15);
            }
        }
        return otherwise;
    }

    private interface AddressTest {
        boolean test(InetAddress address);
    }

    private static boolean anyAddress(AddressTest test) {
        try {
            for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
                if (each.isUp() && each.inetAddresses().anyMatch(test::test)) {
                    return true;
                }
            }
            return false;
        } catch (SocketException e) {
            LOG.debug("network interfaces cannot be listed", e);
            return true;
        }
    }

    private static boolean isGlobal(InetAddress address) {
        return !address.isLoopbackAddress()
                && !address.isLinkLocalAddress()
                && !address.isAnyLocalAddress();
    }

    /** What the hosts file says about a name; empty if nothing. */
    List<InetAddress> hosts(String name) {
        List<InetAddress> found = new ArrayList<>(ipv4.getOrDefault(name, List.of()));
        found.addAll(ipv6.getOrDefault(name, List.of()));
        return found;
    }
}
