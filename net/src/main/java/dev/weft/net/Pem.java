package dev.weft.net;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Private keys in PEM, in all forms that tools write: PKCS#8 (RFC 5958), plain or encrypted, and
 * the older PKCS#1 (RFC 8017) of RSA keys and SEC 1 (RFC 5915) of elliptic curves, which the JDK
 * reads only with PKCS#8 around.
 */
final class Pem {
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

    private Pem() {}

    /** The blocks with such a label, decoded. */
    static List<byte[]> blocks(String text, String label) {
        // Possessive: a file without an end must not take the time of its length's square.
        Matcher matcher =
                Pattern.compile("-----BEGIN " + label + "-----([^-]*+)-----END " + label + "-----")
                        .matcher(text);
        List<byte[]> found = new ArrayList<>();
        while (matcher.find()) {
            found.add(Base64.getMimeDecoder().decode(matcher.group(1)));
        }
        return found;
    }

    /**
     * The first private key.
     *
     * @param algorithm the one of the certificate's key
     */
    static PrivateKey key(KeyMaterial.Source source, char @Nullable [] password, String algorithm) {
        try {
            byte[] pkcs8 = pkcs8(source, KeyMaterial.text(source.read()), password);
            return KeyFactory.getInstance(algorithm)
                    .generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw KeyMaterial.invalid(
                    source,
                    "no private key of the certificate's kind (" + algorithm + "): " + e,
                    e);
        }
    }

    private static byte[] pkcs8(
            KeyMaterial.Source source, String text, char @Nullable [] password) {
        if (text.contains("Proc-Type: 4,ENCRYPTED")) {
            throw KeyMaterial.invalid(
                    source,
                    "the key is encrypted in OpenSSL's old way: convert it with openssl pkcs8"
                            + " -topk8",
                    null);
        }
        for (byte[] block : blocks(text, "PRIVATE KEY")) {
            return block;
        }
        for (byte[] block : blocks(text, "ENCRYPTED PRIVATE KEY")) {
            return decrypted(source, block, password);
        }
        for (byte[] block : blocks(text, "RSA PRIVATE KEY")) {
            return der(0x30, VERSION_0, RSA, der(0x04, block));
        }
        for (byte[] block : blocks(text, "EC PRIVATE KEY")) {
            byte[] algorithm = der(0x30, EC_PUBLIC_KEY, curve(block));
            return der(0x30, VERSION_0, algorithm, der(0x04, block));
        }
        throw KeyMaterial.invalid(
                source, "no private key in it (-----BEGIN PRIVATE KEY-----)", null);
    }

    private static byte[] decrypted(
            KeyMaterial.Source source, byte[] block, char @Nullable [] password) {
        if (password == null) {
            throw KeyMaterial.invalid(
                    source, "the key is encrypted: its password is missing", null);
        }
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(block);
            // Of PBES2 only the parameters know the algorithm.
            String algorithm = info.getAlgName();
            if (algorithm.equals("PBES2") || algorithm.equals("1.2.840.113549.1.5.13")) {
                algorithm = info.getAlgParameters().toString();
            }
            Cipher cipher = Cipher.getInstance(algorithm);
            cipher.init(
                    Cipher.DECRYPT_MODE,
                    SecretKeyFactory.getInstance(algorithm)
                            .generateSecret(new PBEKeySpec(password)),
                    info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (java.io.IOException | GeneralSecurityException e) {
            throw KeyMaterial.invalid(source, "cannot decrypt the key: is the password right?", e);
        }
    }

    /** The curve's name, from the part [0] of an ECPrivateKey. */
    private static byte[] curve(byte[] sec1) {
        ByteBuffer in = ByteBuffer.wrap(sec1);
        enter(in, 0x30);
        skip(in, 0x02);
        skip(in, 0x04);
        int length = enter(in, 0xa0);
        byte[] name = new byte[Math.min(length, in.remaining())];
        in.get(name);
        return name;
    }

    private static void skip(ByteBuffer in, int tag) {
        int length = enter(in, tag);
        in.position(in.position() + length);
    }

    /** Reads tag and length. */
    private static int enter(ByteBuffer in, int tag) {
        if (in.remaining() < 2 || (in.get() & 0xff) != tag) {
            throw new IllegalArgumentException("malformed EC PRIVATE KEY");
        }
        int length = in.get() & 0xff;
        if (length >= 0x80) {
            int bytes = length & 0x7f;
            length = 0;
            for (int i = 0; i < bytes && in.hasRemaining(); i++) {
                length = length << 8 | in.get() & 0xff;
            }
        }
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("malformed EC PRIVATE KEY");
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        ByteBuffer out = ByteBuffer.allocate(length + 6).put((byte) tag);
        if (length >= 0x80) {
            // DER: as few bytes as will do.
            int bytes = (39 - Integer.numberOfLeadingZeros(length)) / 8;
            out.put((byte) (0x80 | bytes));
            for (int shift = 8 * (bytes - 1); shift > 0; shift -= 8) {
                out.put((byte) (length >> shift));
            }
        }
        out.put((byte) length);
        for (byte[] part : parts) {
            out.put(part);
        }
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }
}
