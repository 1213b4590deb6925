package dev.weft.it;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Text of any length, the same that the peers' step {@code sendsize} sends. */
final class LongText {
    private LongText() {}

    static String of(int length) {
        return "0123456789".repeat(length / 10) + "x".repeat(length % 10);
    }

    /** What a peer prints of it. */
    static String describe(int length) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256")
                            .digest(of(length).getBytes(StandardCharsets.UTF_8));
            return length + " sha256=" + HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
