package dev.weft.net;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How names are looked up by {@link Resolver#dns(DnsOptions)}: whom to ask, how long, and what to
 * remember. Immutable: each setter returns a changed copy.
 *
 * {@snippet file="DnsTest.java" region="dns"}
 */
public final class DnsOptions {
    private static final DnsOptions DEFAULTS = new DnsOptions(new Values());

    /** Never changed once it is here. */
    private final Values values;

    private DnsOptions(Values values) {
        this.values = values;
    }

    /** The options, with their defaults; a setter changes a copy before it becomes another's. */
    private static final class Values implements Cloneable {
        List<InetSocketAddress> nameServers = List.of();
        @Nullable List<String> searchDomains;
        @Nullable Integer ndots;
        Path hostsFile = Path.of("/etc/hosts");
        Duration lookupTimeout = Duration.ofSeconds(5);
        Duration queryTimeout = Duration.ofMillis(1500);
        int cacheEntries = 1000;
        Duration minTtl = Duration.ZERO;
        Duration maxTtl = Duration.ofDays(1);
        Duration maxNegativeTtl = Duration.ofMinutes(1);

        Values copy() {
            try {
                return (Values) clone();
            } catch (CloneNotSupportedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private DnsOptions with(Consumer<Values> change) {
        Values copy = values.copy();
        change.accept(copy);
        return new DnsOptions(copy);
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static DnsOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The name servers to ask.
     *
     * @return none by default: those of {@code /etc/resolv.conf}, which is read again when it
     *     changes
     */
    public List<InetSocketAddress> nameServers() {
        return values.nameServers;
    }

    /**
     * Sets the name servers to ask: the next one when one fails or does not answer.
     *
     * @param value the servers, resolved; none for those of the system
     * @return the changed copy
     */
    public DnsOptions nameServers(List<InetSocketAddress> value) {
        Objects.requireNonNull(value, "nameServers must not be null");
        for (InetSocketAddress server : value) {
            if (server.isUnresolved()) {
                throw new IllegalArgumentException(
                        "nameServers must be resolved, one was " + server);
            }
        }
        return with(v -> v.nameServers = List.copyOf(value));
    }

    /**
     * The domains to look a short name up in.
     *
     * @return null by default: those of {@code /etc/resolv.conf}
     */
    public @Nullable List<String> searchDomains() {
        return values.searchDomains;
    }

    /**
     * Sets the domains to look a short name up in, in order. A name that ends in a dot is never
     * searched for.
     *
     * @param value the domains, perhaps none; null for those of the system
     * @return the changed copy
     */
    public DnsOptions searchDomains(@Nullable List<String> value) {
        return with(v -> v.searchDomains = value == null ? null : List.copyOf(value));
    }

    /**
     * How many dots a name has that is first asked for as it is, before any search domain.
     *
     * @return null by default: that of {@code /etc/resolv.conf}, which is 1 mostly
     */
    public @Nullable Integer ndots() {
        return values.ndots;
    }

    /**
     * Sets how many dots a name has that is first asked for as it is.
     *
     * @param value 0 to 15; null for that of the system
     * @return the changed copy
     */
    public DnsOptions ndots(@Nullable Integer value) {
        if (value != null && (value < 0 || value > 15)) {
            throw new IllegalArgumentException("ndots must be 0 to 15, was " + value);
        }
        return with(v -> v.ndots = value);
    }

    /**
     * The file with names that are not asked for.
     *
     * @return {@code /etc/hosts} by default
     */
    public Path hostsFile() {
        return values.hostsFile;
    }

    /**
     * Sets the file with names that are not asked for. It is read again when it changes.
     *
     * @param value the file, which need not exist
     * @return the changed copy
     */
    public DnsOptions hostsFile(Path value) {
        Objects.requireNonNull(value, "hostsFile must not be null");
        return with(v -> v.hostsFile = value);
    }

    /**
     * How long looking up a name may take, with all servers and search domains.
     *
     * @return 5 s by default
     */
    public Duration lookupTimeout() {
        return values.lookupTimeout;
    }

    /**
     * Sets how long looking up a name may take, with all servers and search domains.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public DnsOptions lookupTimeout(Duration value) {
        requirePositive(value, "lookupTimeout");
        return with(v -> v.lookupTimeout = value);
    }

    /**
     * How long a server has for an answer, before the next is asked, or the same again.
     *
     * @return 1.5 s by default, so that a lost packet does not fail a lookup
     */
    public Duration queryTimeout() {
        return values.queryTimeout;
    }

    /**
     * Sets how long a server has for an answer.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public DnsOptions queryTimeout(Duration value) {
        requirePositive(value, "queryTimeout");
        return with(v -> v.queryTimeout = value);
    }

    /**
     * How many answers each loop remembers; the one that was not used for longest goes first.
     *
     * @return 1,000 by default
     */
    public int cacheEntries() {
        return values.cacheEntries;
    }

    /**
     * Sets how many answers each loop remembers: a name has two, for IPv4 and IPv6.
     *
     * @param value 0, for none, or more
     * @return the changed copy
     */
    public DnsOptions cacheEntries(int value) {
        if (value < 0) {
            throw new IllegalArgumentException("cacheEntries must be >= 0, was " + value);
        }
        return with(v -> v.cacheEntries = value);
    }

    /**
     * How long an address is remembered at least, whatever its time to live.
     *
     * @return 0 by default
     */
    public Duration minTtl() {
        return values.minTtl;
    }

    /**
     * Sets how long an address is remembered at least.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public DnsOptions minTtl(Duration value) {
        requireNotNegative(value, "minTtl");
        return with(v -> v.minTtl = value);
    }

    /**
     * How long an address is remembered at most, whatever its time to live.
     *
     * @return a day by default
     */
    public Duration maxTtl() {
        return values.maxTtl;
    }

    /**
     * Sets how long an address is remembered at most.
     *
     * @param value the duration, 0 or more; it wins over {@link #minTtl()}
     * @return the changed copy
     */
    public DnsOptions maxTtl(Duration value) {
        requireNotNegative(value, "maxTtl");
        return with(v -> v.maxTtl = value);
    }

    /**
     * How long is remembered at most that a name does not exist, or has no address. Less if the
     * server says so (RFC 2308); not at all if it does not say.
     *
     * @return a minute by default, since whoever adds a missing name wants it to be seen
     */
    public Duration maxNegativeTtl() {
        return values.maxNegativeTtl;
    }

    /**
     * Sets how long is remembered at most that a name does not exist, or has no address.
     *
     * @param value the duration, 0 or more
     * @return the changed copy
     */
    public DnsOptions maxNegativeTtl(Duration value) {
        requireNotNegative(value, "maxNegativeTtl");
        return with(v -> v.maxNegativeTtl = value);
    }

    private static void requirePositive(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException(name + " must be > 0, was " + value);
        }
    }

    private static void requireNotNegative(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + value);
        }
    }

    @Override
    public String toString() {
        return "DnsOptions[nameServers=%s, searchDomains=%s, ndots=%s, lookupTimeout=%s, queryTimeout=%s, cacheEntries=%d]"
                .formatted(
                        nameServers(),
                        searchDomains(),
                        ndots(),
                        lookupTimeout(),
                        queryTimeout(),
                        cacheEntries());
    }
}
