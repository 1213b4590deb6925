package dev.weft.net;

import dev.weft.Async;
import dev.weft.net.KeyMaterial.Source;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Who one side of TLS is: its certificate, those that lead to an issuer that others trust, and the
 * private key. Files are read when the identity is first used, and again by {@link #reload}.
 *
 * {@snippet file="TlsServerTest.java" region="reload"}
 */
public final class TlsIdentity {
    /**
     * How many former states are still known by name: a handshake chooses a certificate, and asks
     * for its key a moment later.
     */
    private static final int FORMER = 16;

    private static final AtomicLong NAMES = new AtomicLong();

    private interface Loader {
        Loaded load();
    }

    /** What was read at one time. */
    record Loaded(String name, List<X509Certificate> chain, PrivateKey key) {
        /** Checked, with a name that no other has. */
        static Loaded of(Source source, List<X509Certificate> chain, PrivateKey key) {
            if (chain.isEmpty()) {
                throw KeyMaterial.invalid(source, "the key has no certificate", null);
            }
            requireMatch(source, chain.getFirst().getPublicKey(), key);
            return new Loaded("weft-" + NAMES.incrementAndGet(), List.copyOf(chain), key);
        }
    }

    private final String description;
    private final Loader loader;

    // ---- guarded by this

    private final Deque<Loaded> states = new ArrayDeque<>();

    private TlsIdentity(String description, Loader loader) {
        this.description = description;
        this.loader = loader;
    }

    /**
     * From PEM files, with a key that is not encrypted.
     *
     * @param chain the certificate, followed by those that lead to its issuer
     * @param key the private key: PKCS#8, or an RSA or EC key in its own older form; may be the
     *     same file
     * @return the identity
     */
    public static TlsIdentity pem(Path chain, Path key) {
        return pem(new Source.File(chain), new Source.File(key), null);
    }

    /**
     * From PEM files, with an encrypted key.
     *
     * @param chain the certificate, followed by those that lead to its issuer
     * @param key the private key: PKCS#8
     * @param password the key's
     * @return the identity
     */
    public static TlsIdentity pem(Path chain, Path key, String password) {
        return pem(new Source.File(chain), new Source.File(key), password.toCharArray());
    }

    /**
     * From PEM text, with a key that is not encrypted.
     *
     * @param chain the certificate, followed by those that lead to its issuer
     * @param key the private key
     * @return the identity
     */
    public static TlsIdentity pem(String chain, String key) {
        return pem(
                Source.of(chain.getBytes(StandardCharsets.ISO_8859_1), "certificate in PEM text"),
                Source.of(key.getBytes(StandardCharsets.ISO_8859_1), "key in PEM text"),
                null);
    }

    private static TlsIdentity pem(Source chain, Source key, char @Nullable [] password) {
        return new TlsIdentity(
                chain.toString(),
                () -> {
                    List<X509Certificate> certificates = KeyMaterial.certificates(chain);
                    String algorithm = certificates.getFirst().getPublicKey().getAlgorithm();
                    return Loaded.of(key, certificates, Pem.key(key, password, algorithm));
                });
    }

    /**
     * From a PKCS#12 file: its first private key.
     *
     * @param file the key store
     * @param password that of the store and of the key
     * @return the identity
     */
    public static TlsIdentity pkcs12(Path file, String password) {
        return pkcs12(new Source.File(file), password);
    }

    /**
     * From the bytes of a PKCS#12 file: its first private key.
     *
     * @param bytes the key store, which is copied
     * @param password that of the store and of the key
     * @return the identity
     */
    public static TlsIdentity pkcs12(byte[] bytes, String password) {
        return pkcs12(Source.of(bytes, "PKCS#12 bytes"), password);
    }

    private static TlsIdentity pkcs12(Source source, String password) {
        char[] secret = password.toCharArray();
        return new TlsIdentity(
                source.toString(),
                () -> fromStore(source, KeyMaterial.pkcs12(source, secret), secret));
    }

    /**
     * From a key store: its first private key.
     *
     * @param store the key store, loaded
     * @param password the key's
     * @return the identity
     */
    public static TlsIdentity keyStore(KeyStore store, String password) {
        Objects.requireNonNull(store, "store must not be null");
        char[] secret = password.toCharArray();
        Source source = Source.of(new byte[0], "key store");
        return new TlsIdentity(source.toString(), () -> fromStore(source, store, secret));
    }

    private static Loaded fromStore(Source source, KeyStore store, char[] password) {
        try {
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias)
                        && store.getKey(alias, password) instanceof PrivateKey key) {
                    return Loaded.of(
                            source, KeyMaterial.x509(store.getCertificateChain(alias)), key);
                }
            }
        } catch (GeneralSecurityException e) {
            throw KeyMaterial.invalid(source, "the key cannot be read: " + e.getMessage(), e);
        }
        throw KeyMaterial.invalid(source, "no private key in it", null);
    }

    /** By a signature, which works for keys of all kinds. */
    private static void requireMatch(Source source, PublicKey certificates, PrivateKey key) {
        String algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    case "RSASSA-PSS" -> ""; // has parameters of its own
                    default -> key.getAlgorithm();
                };
        if (algorithm.isEmpty()) {
            return;
        }
        boolean match;
        try {
            byte[] challenge = new byte[32];
            new SecureRandom().nextBytes(challenge);
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(challenge);
            byte[] signed = signature.sign();
            signature.initVerify(certificates);
            signature.update(challenge);
            match = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            throw KeyMaterial.invalid(source, "the key cannot be used: " + e.getMessage(), e);
        }
        if (!match) {
            throw KeyMaterial.invalid(source, "the key is not that of the certificate", null);
        }
    }

    /**
     * Reads the files again. New connections get what they hold now; open ones go on undisturbed.
     *
     * <p><b>Suspends</b> while it reads. <b>Cancellation</b>: either all of it has happened or
     * nothing.
     *
     * @throws InvalidKeyMaterialException if something is wrong with them; it names the file, and
     *     the identity stays what it was
     */
    public void reload() {
        Async.offload(() -> enter(loader.load()));
    }

    private synchronized Loaded enter(Loaded loaded) {
        states.addFirst(loaded);
        if (states.size() > FORMER) {
            states.removeLast();
        }
        return loaded;
    }

    /** What it is now; reads the files the first time, and so blocks. */
    Loaded load() {
        Loaded known = current();
        return known != null ? known : enter(loader.load());
    }

    /** What it is now; null before it was read. */
    synchronized @Nullable Loaded current() {
        return states.peekFirst();
    }

    /** What it is, or has been a short while ago, under a name. */
    synchronized @Nullable Loaded named(String name) {
        for (Loaded loaded : states) {
            if (loaded.name.equals(name)) {
                return loaded;
            }
        }
        return null;
    }

    @Override
    public String toString() {
        return "TlsIdentity[" + description + "]";
    }
}
