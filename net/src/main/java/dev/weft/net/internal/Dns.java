package dev.weft.net.internal;

import static dev.weft.net.internal.DnsAnswer.Kind.FAILED;
import static dev.weft.net.internal.DnsAnswer.Kind.FOUND;
import static dev.weft.net.internal.DnsAnswer.Kind.NO_SUCH_NAME;

import dev.weft.Async;
import dev.weft.Semaphore;
import dev.weft.Task;
import dev.weft.net.DnsOptions;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.HostNotFoundException.Reason;
import dev.weft.netty.NettyBridge;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverChannelStrategy;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.util.NetUtil;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Looks names up for the tasks of one loop. Netty sends the questions, by UDP and TCP, and reads
 * the answers; what to ask, whom, and what to remember is decided here, by tasks of the loop alone,
 * so that nothing needs a lock. (Netty's own resolving does not remember that a name does not exist
 * as long as the server says, has no bound on its memory, and takes a missing name in one search
 * domain for the final answer.)
 *
 * <p>Tasks that ask the same thing at the same time share one question, which is a task of its own;
 * when the last one has gone, it is cancelled.
 */
final class Dns {
    /** RFC 8305, section 3: how long the second family may take when the first has answered. */
    private static final Duration RESOLUTION_DELAY = Duration.ofMillis(50);

    /** How old the system's configuration may be. */
    private static final Duration CONFIG_AGE = Duration.ofSeconds(5);

    /** Each question has a socket of its own, on a port that cannot be guessed. */
    private static final int MAX_QUESTIONS = 100;

    /** How often an alias is followed that a server names without its address. */
    private static final int MAX_ALIASES = 8;

    /** What fits a packet on all networks. */
    private static final int MAX_UDP_BYTES = 1232;

    private record Key(String name, DnsRecordType type) {}

    private record Remembered(DnsAnswer answer, long until) {}

    /** A question that is on its way. */
    private static final class Flight {
        private final Task<DnsAnswer> task;
        private int waiting;

        Flight(Task<DnsAnswer> task) {
            this.task = task;
        }
    }

    private final LoopNet net;
    private final DnsOptions options;
    private final DnsNameResolver netty;
    private final Semaphore questions = Semaphore.create(MAX_QUESTIONS);

    // ---- owned by the tasks of the loop

    private final Map<Key, Flight> flights = new HashMap<>();
    private final Map<Key, Remembered> memory;
    private @Nullable DnsConfig config;
    private long configRead;

    /** The server that answered last: asked first, as another may have gone. */
    private @Nullable InetSocketAddress lively;

    Dns(LoopNet net, DnsOptions options) {
        this.net = net;
        this.options = options;
        memory =
                new LinkedHashMap<>(16, 0.75f, true) {
                    private static final long serialVersionUID = 1L;

                    @Override
                    protected boolean removeEldestEntry(Map.Entry<Key, Remembered> eldest) {
                        return size() > options.cacheEntries();
                    }
                };
        long millis = Math.clamp(Clock.nanos(options.queryTimeout()) / 1_000_000, 1, 3_600_000L);
        netty =
                new DnsNameResolverBuilder(net.eventLoop())
                        .datagramChannelType(NettyBridge.datagramChannel(net.loop()))
                        .datagramChannelStrategy(
                                DnsNameResolverChannelStrategy.ChannelPerResolution)
                        .queryTimeoutMillis(millis)
                        .maxPayloadSize(MAX_UDP_BYTES)
                        .resolveCache(NoopDnsCache.INSTANCE)
                        .cnameCache(NoopDnsCnameCache.INSTANCE)
                        .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
                        .build();
    }

    /** Suspends. The addresses of a name that is in ASCII and in lower case. */
    List<InetAddress> lookUp(String host, String name) {
        DnsConfig system = config();
        boolean whole = name.endsWith(".");
        String bare = whole ? name.substring(0, name.length() - 1) : name;
        List<InetAddress> local = system.hosts(bare);
        if (!local.isEmpty()) {
            boolean here = local.stream().allMatch(InetAddress::isLoopbackAddress);
            return inOrder(local, system.hasGlobalIpv6() && !here);
        }
        if (bare.equals("localhost") || bare.endsWith(".localhost")) {
            // RFC 6761, section 6.3: never asked for.
            return List.of(NetUtil.LOCALHOST4, NetUtil.LOCALHOST6);
        }
        List<String> names = whole ? List.of(bare) : candidates(bare, system);
        DnsAnswer worst = null;
        for (String candidate : names) {
            List<DnsAnswer> answers = ask(candidate, system);
            List<InetAddress> found =
                    answers.stream().flatMap(a -> a.addresses().stream()).toList();
            if (!found.isEmpty()) {
                return inOrder(found, system.hasGlobalIpv6());
            }
            for (DnsAnswer answer : answers) {
                worst = worst == null || rank(answer) > rank(worst) ? answer : worst;
            }
        }
        throw notFound(host, names, worst);
    }

    /** A failure says most, as the name may exist; that it has no address more than nothing. */
    private static int rank(DnsAnswer answer) {
        return switch (answer.kind()) {
            case FAILED -> 3;
            case NO_ADDRESS -> 2;
            case NO_SUCH_NAME -> 1;
            case FOUND -> 0;
        };
    }

    private static HostNotFoundException notFound(
            String host, List<String> names, @Nullable DnsAnswer worst) {
        String said = worst == null ? "nothing to ask for" : worst.said();
        String tried =
                names.size() < 2 && names.contains(host)
                        ? ""
                        : " (tried " + String.join(", ", names) + ")";
        UnknownHostException cause = new UnknownHostException(host + ": " + said);
        if (worst == null || worst.kind() == NO_SUCH_NAME) {
            return new HostNotFoundException(
                    host,
                    Reason.NO_SUCH_NAME,
                    "there is no such name (" + said + ")" + tried + ": is it right?",
                    cause);
        }
        return worst.kind() == FAILED
                ? new HostNotFoundException(
                        host,
                        Reason.SERVERS_FAILED,
                        "the name servers failed (" + said + ")" + tried,
                        cause)
                : new HostNotFoundException(
                        host,
                        Reason.NO_ADDRESS,
                        "the name exists, without an address (" + said + ")" + tried,
                        cause);
    }

    private static List<String> candidates(String name, DnsConfig system) {
        List<String> names = new ArrayList<>();
        boolean first = name.chars().filter(c -> c == '.').count() >= system.ndots();
        if (first) {
            names.add(name);
        }
        for (String domain : system.search()) {
            names.add(name + "." + DnsConfig.withoutDots(domain));
        }
        if (!first) {
            names.add(name);
        }
        return names;
    }

    /** A global IPv6 address here makes IPv6 the better choice (RFC 6724); a race finds out. */
    private static List<InetAddress> inOrder(List<InetAddress> addresses, boolean ipv6First) {
        List<InetAddress> first = new ArrayList<>();
        List<InetAddress> second = new ArrayList<>();
        for (InetAddress address : addresses) {
            (address instanceof Inet6Address == ipv6First ? first : second).add(address);
        }
        first.addAll(second);
        return first;
    }

    private DnsConfig config() {
        long now = Clock.now(net.loop());
        DnsConfig known = config;
        if (known == null || now - configRead > CONFIG_AGE.toNanos()) {
            known = Async.offload(() -> DnsConfig.read(options));
            config = known;
            configRead = Clock.now(net.loop());
        }
        return known;
    }

    // ---- one name

    /** The answers for both families, or one if the other is too slow. */
    private List<DnsAnswer> ask(String name, DnsConfig system) {
        List<DnsAnswer> answers = new ArrayList<>(2);
        Map<Task<DnsAnswer>, Key> pending = new LinkedHashMap<>();
        List<DnsRecordType> types =
                system.hasIpv6()
                        ? List.of(DnsRecordType.AAAA, DnsRecordType.A)
                        : List.of(DnsRecordType.A);
        for (DnsRecordType type : types) {
            Key key = new Key(name, type);
            DnsAnswer known = remembered(key);
            if (known != null) {
                answers.add(known);
            } else {
                pending.put(join(key), key);
            }
        }
        try {
            await(pending, answers);
        } finally {
            pending.forEach((_, key) -> leave(key));
        }
        return answers;
    }

    private void await(Map<Task<DnsAnswer>, Key> pending, List<DnsAnswer> answers) {
        while (!pending.isEmpty()) {
            boolean found = answers.stream().anyMatch(a -> a.kind() == FOUND);
            var done =
                    found
                            ? Async.awaitFirst(pending.keySet(), RESOLUTION_DELAY).done()
                            : Async.awaitFirst(pending.keySet()).done();
            if (done.isEmpty()) {
                return;
            }
            for (Task<DnsAnswer> task : done) {
                leave(pending.remove(task));
                answers.add(Async.await(task));
            }
        }
    }

    private @Nullable DnsAnswer remembered(Key key) {
        Remembered known = memory.get(key);
        if (known != null && known.until - Clock.now(net.loop()) <= 0) {
            memory.remove(key);
            return null;
        }
        return known == null ? null : known.answer;
    }

    private Task<DnsAnswer> join(Key key) {
        Flight flight = flights.get(key);
        if (flight == null) {
            // Not in the scope of whoever asks first: others may wait for it longer.
            flight = new Flight(net.loop().submit(() -> answer(key)));
            flights.put(key, flight);
        }
        flight.waiting++;
        return flight.task;
    }

    private void leave(@Nullable Key key) {
        Flight flight = key == null ? null : flights.get(key);
        if (flight != null && --flight.waiting == 0) {
            flights.remove(key);
            flight.task.cancel();
        }
    }

    // ---- one question

    /** Finds the answer, and remembers it. Never fails. */
    private DnsAnswer answer(Key key) {
        DnsAnswer answer = questions.with(() -> askServers(key.name, key.type));
        for (int i = 0; i < MAX_ALIASES && answer.alias() != null; i++) {
            String alias = answer.alias();
            answer = questions.with(() -> askServers(alias, key.type));
        }
        Duration longest =
                answer.kind() == FOUND
                        ? longest(Duration.ofSeconds(answer.seconds()), options.minTtl())
                        : Duration.ofSeconds(answer.seconds());
        Duration most = answer.kind() == FOUND ? options.maxTtl() : options.maxNegativeTtl();
        long nanos = Math.min(Clock.nanos(longest), Clock.nanos(most));
        if (nanos > 0 && answer.kind() != FAILED) {
            memory.put(key, new Remembered(answer, Clock.now(net.loop()) + nanos));
        }
        return answer;
    }

    private static Duration longest(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    /** Asks one server after the other, those that do not answer again, until told to stop. */
    private DnsAnswer askServers(String name, DnsRecordType type) {
        List<InetSocketAddress> silent = new ArrayList<>(config().servers());
        InetSocketAddress first = lively;
        if (first != null && silent.remove(first)) {
            silent.addFirst(first);
        }
        DnsAnswer failure = null;
        while (!silent.isEmpty()) {
            for (InetSocketAddress server : List.copyOf(silent)) {
                DnsAnswer answer = new DnsQuery(net, netty, server, name, type).ask();
                if (answer != null && answer.kind() != FAILED) {
                    lively = server;
                    return answer;
                }
                if (answer != null) {
                    silent.remove(server);
                    failure = answer;
                }
            }
            if (failure != null) {
                break; // of some it is known that they cannot tell: the others had their time
            }
        }
        return failure != null ? failure : DnsAnswer.failed("there is no name server");
    }

    /** Who is asked, for people. */
    String servers() {
        DnsConfig known = config;
        return known == null
                ? "the name servers"
                : known.servers().stream()
                        .map(s -> s.getAddress().getHostAddress() + " port " + s.getPort())
                        .collect(Collectors.joining(", "));
    }

    DnsOptions options() {
        return options;
    }
}
