package dev.weft.net;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A datagram that was received.
 *
 * @param bytes what it carries, perhaps nothing; the receiver's own array
 * @param sender who sent it, or claims to have: UDP does not check
 * @param truncated whether it was longer than {@link UdpOptions#maxDatagramBytes}; the rest is lost
 */
@SuppressWarnings("ArrayRecordComponent") // compared below by what is in it
public record Datagram(byte[] bytes, InetSocketAddress sender, boolean truncated) {
    /**
     * The bytes as text in UTF-8.
     *
     * @return the text; what is no UTF-8 is replaced by U+FFFD
     */
    public String text() {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Datagram d
                && Arrays.equals(bytes, d.bytes)
                && sender.equals(d.sender)
                && truncated == d.truncated;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(bytes) + sender.hashCode();
    }

    @Override
    public String toString() {
        return "Datagram["
                + bytes.length
                + " bytes from "
                + sender
                + (truncated ? ", truncated]" : "]");
    }
}
