package dev.weft.net.internal;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a name server said about one type of address.
 *
 * @param kind what sort of answer it is
 * @param addresses none unless it is {@link Kind#FOUND}
 * @param alias what to ask for instead, when the server names an alias without its address
 * @param seconds how long it holds; 0 if it is not to be remembered
 * @param said the code, and who said so, for people
 */
record DnsAnswer(
        Kind kind, List<InetAddress> addresses, @Nullable String alias, long seconds, String said) {
    enum Kind {
        FOUND,
        NO_SUCH_NAME,
        NO_ADDRESS,
        FAILED
    }

    /** The length of the longest chain of aliases within an answer. */
    private static final int MAX_ALIASES = 16;

    static DnsAnswer failed(String said) {
        return new DnsAnswer(Kind.FAILED, List.of(), null, 0, said);
    }

    /** Reads a response; the caller releases it. */
    static DnsAnswer of(DnsResponse response, String name, DnsRecordType type, String server) {
        DnsResponseCode code = response.code();
        String said = mnemonic(code) + ", says " + server;
        if (code.equals(DnsResponseCode.NXDOMAIN)) {
            return new DnsAnswer(
                    Kind.NO_SUCH_NAME, List.of(), null, negativeSeconds(response), said);
        }
        if (!code.equals(DnsResponseCode.NOERROR)) {
            return failed(said);
        }
        try {
            return positive(response, name, type, server);
        } catch (RuntimeException | UnknownHostException e) {
            return failed("an answer that cannot be read, from " + server + ": " + e.getMessage());
        }
    }

    /** The addresses of the name, or of what it is an alias for. */
    private static DnsAnswer positive(
            DnsResponse response, String name, DnsRecordType type, String server)
            throws UnknownHostException {
        Map<String, DnsRawRecord> aliases = new HashMap<>();
        Map<String, List<DnsRawRecord>> records = new HashMap<>();
        for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            if (!(record instanceof DnsRawRecord raw)) {
                continue;
            }
            String owner = normal(raw.name());
            if (raw.type().equals(DnsRecordType.CNAME)) {
                aliases.putIfAbsent(owner, raw);
            } else if (raw.type().equals(type)) {
                records.computeIfAbsent(owner, _ -> new ArrayList<>()).add(raw);
            }
        }
        String owner = normal(name);
        long seconds = Long.MAX_VALUE;
        for (int i = 0; i < MAX_ALIASES && aliases.containsKey(owner); i++) {
            DnsRawRecord alias = aliases.get(owner);
            seconds = Math.min(seconds, alias.timeToLive());
            owner = normal(DefaultDnsRecordDecoder.decodeName(alias.content().duplicate()));
        }
        List<InetAddress> addresses = new ArrayList<>();
        for (DnsRawRecord record : records.getOrDefault(owner, List.of())) {
            seconds = Math.min(seconds, record.timeToLive());
            addresses.add(address(name, record.content()));
        }
        if (!addresses.isEmpty()) {
            return new DnsAnswer(Kind.FOUND, addresses, null, seconds, "found by " + server);
        }
        boolean elsewhere = !owner.equals(normal(name)) && negativeSeconds(response) == 0;
        return new DnsAnswer(
                Kind.NO_ADDRESS,
                List.of(),
                elsewhere ? owner : null,
                elsewhere ? 0 : negativeSeconds(response),
                "no record of type " + type.name() + ", says " + server);
    }

    /** As the RFCs write it: Netty says {@code NXDomain(3)}. */
    private static String mnemonic(DnsResponseCode code) {
        String text = code.toString();
        int end = text.indexOf('(');
        return (end < 0 ? text : text.substring(0, end)).toUpperCase(Locale.ROOT);
    }

    private static InetAddress address(String name, ByteBuf content) throws UnknownHostException {
        byte[] bytes = new byte[content.readableBytes()];
        content.getBytes(content.readerIndex(), bytes);
        return InetAddress.getByAddress(name, bytes);
    }

    private static String normal(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    /** RFC 2308, section 5: the SOA record's own TTL, or its last field if that is less. */
    private static long negativeSeconds(DnsResponse response) {
        for (int i = 0; i < response.count(DnsSection.AUTHORITY); i++) {
            DnsRecord record = response.recordAt(DnsSection.AUTHORITY, i);
            if (record.type().equals(DnsRecordType.SOA)
                    && record instanceof DnsRawRecord raw
                    && raw.content().readableBytes() >= Integer.BYTES) {
                ByteBuf content = raw.content();
                long minimum = content.getUnsignedInt(content.writerIndex() - Integer.BYTES);
                return Math.min(raw.timeToLive(), minimum);
            }
        }
        return 0;
    }
}
