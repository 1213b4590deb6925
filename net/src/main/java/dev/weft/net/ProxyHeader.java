package dev.weft.net;

import java.io.ByteArrayOutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A header of the PROXY protocol (HAProxy's, version 1 and 2), by which a proxy tells a server for
 * whom it connects: received ({@link ByteStream#proxyHeader}) or to be sent first on a connection
 * ({@link TcpOptions#proxyHeader}). Immutable: each setter returns a changed copy.
 */
public final class ProxyHeader {
    private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
    private static final int MAX_LENGTH = 65_535;

    // The fields that have a name here; section 2.2 of the protocol.
    private static final int ALPN = 0x01;
    private static final int AUTHORITY = 0x02;
    private static final int TLS = 0x20;

    private final int version;
    private final @Nullable InetSocketAddress source;
    private final @Nullable InetSocketAddress destination;

    /** By type. */
    private final Map<Integer, byte[]> fields;

    ProxyHeader(
            int version,
            @Nullable InetSocketAddress source,
            @Nullable InetSocketAddress destination,
            Map<Integer, byte[]> fields) {
        this.version = version;
        this.source = source;
        this.destination = destination;
        this.fields = Collections.unmodifiableMap(fields);
    }

    /**
     * A header for a client's connection that is passed on.
     *
     * @param source the client's address
     * @param destination the address that it connected to
     * @return a header of version 2
     */
    public static ProxyHeader of(InetSocketAddress source, InetSocketAddress destination) {
        requireResolved(source, "source");
        requireResolved(destination, "destination");
        return new ProxyHeader(2, source, destination, Map.of());
    }

    private static void requireResolved(InetSocketAddress address, String name) {
        Objects.requireNonNull(address, name + " must not be null");
        if (address.isUnresolved()) {
            throw new IllegalArgumentException(
                    name + " must be an address, was the name " + address.getHostString());
        }
    }

    /**
     * A header for a connection of the proxy's own, such as a health check: LOCAL, or UNKNOWN in
     * version 1.
     *
     * @return a header of version 2 without addresses
     */
    public static ProxyHeader local() {
        return new ProxyHeader(2, null, null, Map.of());
    }

    /**
     * Sets the version.
     *
     * @param value 1 (a line of text) or 2 (binary, the default)
     * @return the changed copy
     */
    public ProxyHeader version(int value) {
        if (value != 1 && value != 2) {
            throw new IllegalArgumentException("version must be 1 or 2, was " + value);
        }
        if (value == 1) {
            requireNoFields();
        }
        return new ProxyHeader(value, source, destination, fields);
    }

    private void requireNoFields() {
        if (!fields.isEmpty()) {
            throw new IllegalStateException("version 1 of the PROXY protocol has no fields");
        }
    }

    /**
     * Sets a field of version 2 (a TLV, section 2.2 of the protocol).
     *
     * @param type 0 to 255; 224 to 239 are for one's own
     * @param value the bytes; they are copied
     * @return the changed copy
     */
    public ProxyHeader field(int type, byte[] value) {
        if (type < 0 || type > 255) {
            throw new IllegalArgumentException("type must be 0 to 255, was " + type);
        }
        if (version == 1) {
            throw new IllegalStateException("version 1 of the PROXY protocol has no fields");
        }
        Map<Integer, byte[]> more = new TreeMap<>(fields);
        more.put(type, value.clone());
        ProxyHeader changed = new ProxyHeader(version, source, destination, more);
        changed.bytes(); // whether it fits
        return changed;
    }

    /**
     * Sets the name that the client asked for, as by TLS's server name.
     *
     * @param value a host name
     * @return the changed copy
     */
    public ProxyHeader authority(String value) {
        return field(AUTHORITY, value.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The version.
     *
     * @return 1 or 2
     */
    public int version() {
        return version;
    }

    /**
     * The client's address.
     *
     * @return null if the header has none that is of IP: then the connection is the proxy's own, or
     *     of a kind that it could not tell
     */
    public @Nullable InetSocketAddress source() {
        return source;
    }

    /**
     * The address that the client connected to.
     *
     * @return null if there is no {@link #source}
     */
    public @Nullable InetSocketAddress destination() {
        return destination;
    }

    /**
     * A field of version 2 by its type, such as 0x05 for the unique id, 0x21 for TLS's version.
     *
     * @param type 0 to 255
     * @return a copy of the bytes; null if there is no such field
     */
    public byte @Nullable [] field(int type) {
        byte[] value = fields.get(type);
        return value == null ? null : value.clone();
    }

    /**
     * The name that the client asked for, as by TLS's server name.
     *
     * @return null if the proxy did not tell
     */
    public @Nullable String authority() {
        return text(AUTHORITY);
    }

    /**
     * The protocol that the proxy agreed on with the client by ALPN.
     *
     * @return null if the proxy did not tell
     */
    public @Nullable String applicationProtocol() {
        return text(ALPN);
    }

    private @Nullable String text(int type) {
        byte[] value = fields.get(type);
        return value == null ? null : new String(value, StandardCharsets.UTF_8);
    }

    /**
     * Whether the client talks TLS to the proxy, which says so.
     *
     * @return false also if the proxy did not tell
     */
    public boolean isTls() {
        byte[] value = fields.get(TLS);
        return value != null && value.length > 0 && (value[0] & 1) != 0;
    }

    /**
     * The header as it goes over the network.
     *
     * @return a new array
     */
    public byte[] bytes() {
        return version == 1 ? line().getBytes(StandardCharsets.US_ASCII) : binary();
    }

    private String line() {
        InetSocketAddress from = source;
        InetSocketAddress to = destination;
        if (from == null || to == null) {
            return "PROXY UNKNOWN\r\n";
        }
        boolean four = isIpv4(from, to);
        return "PROXY %s %s %s %d %d\r\n"
                .formatted(
                        four ? "TCP4" : "TCP6",
                        text(from.getAddress(), four),
                        text(to.getAddress(), four),
                        from.getPort(),
                        to.getPort());
    }

    private static boolean isIpv4(InetSocketAddress from, InetSocketAddress to) {
        return from.getAddress() instanceof Inet4Address && to.getAddress() instanceof Inet4Address;
    }

    private static String text(InetAddress address, boolean four) {
        if (!four && address instanceof Inet4Address) {
            return "::ffff:" + address.getHostAddress();
        }
        String text = address.getHostAddress();
        int zone = text.indexOf('%'); // of use on its own machine alone
        return zone < 0 ? text : text.substring(0, zone);
    }

    private byte[] binary() {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        InetSocketAddress from = source;
        InetSocketAddress to = destination;
        boolean local = true;
        boolean four = false;
        if (from != null && to != null) {
            local = false;
            four = isIpv4(from, to);
            body.writeBytes(octets(from.getAddress(), four));
            body.writeBytes(octets(to.getAddress(), four));
            writeShort(body, from.getPort());
            writeShort(body, to.getPort());
        }
        fields.forEach((type, value) -> {
            body.write(type);
            writeShort(body, value.length);
            body.writeBytes(value);
        });
        if (body.size() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "fields must have less than 64 KiB together, the header has " + body.size());
        }
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        header.writeBytes(SIGNATURE);
        header.write(local ? 0x20 : 0x21);
        header.write(local ? 0 : four ? 0x11 : 0x21);
        writeShort(header, body.size());
        header.writeBytes(body.toByteArray());
        return header.toByteArray();
    }

    private static void writeShort(ByteArrayOutputStream out, int value) {
        out.write(value >> 8);
        out.write(value);
    }

    /** An IPv4 address beside an IPv6 one is mapped into IPv6 (RFC 4291, section 2.5.5.2). */
    private static byte[] octets(InetAddress address, boolean four) {
        byte[] octets = address.getAddress();
        if (four || octets.length == 16) {
            return octets;
        }
        byte[] mapped = new byte[16];
        Arrays.fill(mapped, 10, 12, (byte) 0xff);
        System.arraycopy(octets, 0, mapped, 12, 4);
        return mapped;
    }

    @Override
    public String toString() {
        return source == null
                ? "ProxyHeader[local]"
                : "ProxyHeader[" + source + " - " + destination + "]";
    }
}
