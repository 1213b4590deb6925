package dev.weft.net;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a server behind load balancers makes of their PROXY headers (the PROXY protocol of HAProxy,
 * version 1 and 2), which say who the client is. For {@link TcpOptions#proxyProtocol}. Immutable:
 * each setter returns a changed copy.
 *
 * <p>Whoever may send a header can claim any address, so only those are heard whose own address
 * lies in a trusted range. By default each connection has to begin with a header: others, and those
 * from elsewhere, are closed before a handler sees them. See {@link #optional} for servers that
 * have clients of both kinds.
 *
 * {@snippet file="ProxyProtocolTest.java" region="proxyProtocol"}
 */
public final class ProxyProtocol {
    private final List<IpSubnetFilterRule> trusted;
    private final boolean required;
    private final Duration timeout;

    private ProxyProtocol(List<IpSubnetFilterRule> trusted, boolean required, Duration timeout) {
        this.trusted = trusted;
        this.required = required;
        this.timeout = timeout;
    }

    /**
     * Believes headers that come from certain addresses.
     *
     * @param ranges addresses ({@code 10.1.2.3}) or ranges ({@code 10.0.0.0/8}, {@code fd00::/8}),
     *     one at least
     * @return each connection has to begin with a header, within 5 s
     */
    public static ProxyProtocol from(String... ranges) {
        if (ranges.length == 0) {
            throw new IllegalArgumentException("ranges must not be empty");
        }
        List<IpSubnetFilterRule> rules = new ArrayList<>();
        for (String range : ranges) {
            rules.add(rule(range));
        }
        return new ProxyProtocol(List.copyOf(rules), true, Duration.ofSeconds(5));
    }

    private static IpSubnetFilterRule rule(String range) {
        int slash = range.indexOf('/');
        String address = slash < 0 ? range : range.substring(0, slash);
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null) {
            throw notARange(range);
        }
        int most = bytes.length * 8;
        int bits;
        try {
            bits = slash < 0 ? most : Integer.parseInt(range.substring(slash + 1));
        } catch (NumberFormatException e) {
            throw notARange(range);
        }
        if (bits < 0 || bits > most) {
            throw notARange(range);
        }
        return new IpSubnetFilterRule(address, bits, IpFilterRuleType.ACCEPT);
    }

    private static IllegalArgumentException notARange(String range) {
        return new IllegalArgumentException(
                "ranges must be like 10.1.2.3, 10.0.0.0/8 or fd00::/8, was " + range);
    }

    /**
     * Takes connections without a header too: those from elsewhere, whose bytes all go to the
     * handler, a header as well; and those from trusted addresses that begin with something else,
     * or send nothing for as long as {@link #timeout}.
     *
     * @return the changed copy
     */
    public ProxyProtocol optional() {
        return new ProxyProtocol(trusted, false, timeout);
    }

    /**
     * Sets how long a header may take to come.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public ProxyProtocol timeout(Duration value) {
        Objects.requireNonNull(value, "timeout must not be null");
        if (!value.isPositive()) {
            throw new IllegalArgumentException("timeout must be > 0, was " + value);
        }
        return new ProxyProtocol(trusted, required, value);
    }

    /**
     * How long a header may take to come.
     *
     * @return 5 s by default
     */
    public Duration timeout() {
        return timeout;
    }

    /**
     * Whether each connection has to begin with a header.
     *
     * @return true by default
     */
    public boolean isRequired() {
        return required;
    }

    boolean trusts(@Nullable SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return false;
        }
        for (IpSubnetFilterRule rule : trusted) {
            if (rule.matches(inet)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return "ProxyProtocol[" + (required ? "required" : "optional") + ", " + timeout + "]";
    }
}
