package dev.weft.net;

import dev.weft.net.internal.PeerCheck;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts peers by their keys. That a peer has the private one too is what the handshake proves. */
final class PinnedKeys extends X509ExtendedTrustManager {
    private static final String PREFIX = "sha256/";

    private final Set<String> pins;

    private PinnedKeys(Set<String> pins) {
        this.pins = pins;
    }

    static PinnedKeys of(String... pins) {
        if (pins.length == 0) {
            throw new IllegalArgumentException("pins must not be empty");
        }
        Set<String> bare = new HashSet<>();
        for (String pin : pins) {
            String base64 = pin.startsWith(PREFIX) ? pin.substring(PREFIX.length()) : pin;
            byte[] hash;
            try {
                hash = Base64.getDecoder().decode(base64);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("a pin must be base64, was " + pin, e);
            }
            if (hash.length != 32) {
                throw new IllegalArgumentException(
                        "a pin must be the base64 of 32 bytes (SHA-256), was " + pin);
            }
            bare.add(Base64.getEncoder().encodeToString(hash));
        }
        return new PinnedKeys(bare);
    }

    static String pin(X509Certificate certificate) {
        try {
            byte[] key = certificate.getPublicKey().getEncoded();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        String pin = pin(chain[0]);
        if (!pins.contains(pin)) {
            throw new PeerCheck.Refusal(
                    TlsException.Reason.WRONG_KEY,
                    List.of(chain),
                    "its key is sha256/" + pin + ", which is not pinned");
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
