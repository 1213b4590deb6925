package dev.weft.net;

import dev.weft.net.KeyMaterial.Source;
import dev.weft.net.internal.PeerCheck;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom one side of TLS trusts: issuers of certificates, or keys. Files are read when the options
 * that this is part of are first used.
 */
public final class TlsTrust {
    private static final TlsTrust SYSTEM =
            new TlsTrust("system", true, () -> check((KeyStore) null));

    private interface Loader {
        X509ExtendedTrustManager load() throws GeneralSecurityException, IOException;
    }

    private final String name;
    private final boolean byIssuer;
    private final Loader loader;

    private TlsTrust(String name, boolean byIssuer, Loader loader) {
        this.name = name;
        this.byIssuer = byIssuer;
        this.loader = loader;
    }

    /**
     * The issuers that the JDK trusts: its own list, or that of the system property {@code
     * javax.net.ssl.trustStore}.
     *
     * @return the default of clients
     */
    public static TlsTrust system() {
        return SYSTEM;
    }

    /**
     * The issuers in PEM files, and nobody else. A certificate that was issued by itself is trusted
     * by its own file.
     *
     * @param files each with one certificate or more
     * @return the trust
     */
    public static TlsTrust pem(Path... files) {
        if (files.length == 0) {
            throw new IllegalArgumentException("files must not be empty");
        }
        List<Source> sources =
                Arrays.stream(files).<Source>map(file -> new Source.File(file)).toList();
        return new TlsTrust(
                sources.toString(),
                true,
                () -> {
                    List<X509Certificate> all = new ArrayList<>();
                    for (Source source : sources) {
                        all.addAll(KeyMaterial.certificates(source));
                    }
                    return check(all);
                });
    }

    /**
     * The issuers in PEM text, and nobody else.
     *
     * @param text one certificate or more
     * @return the trust
     */
    public static TlsTrust pem(String text) {
        Source source = Source.of(text.getBytes(StandardCharsets.ISO_8859_1), "trusted PEM text");
        return new TlsTrust(source.toString(), true, () -> check(KeyMaterial.certificates(source)));
    }

    /**
     * These issuers, and nobody else.
     *
     * @param issuers one or more
     * @return the trust
     */
    public static TlsTrust certificates(X509Certificate... issuers) {
        if (issuers.length == 0) {
            throw new IllegalArgumentException("issuers must not be empty");
        }
        List<X509Certificate> all = List.of(issuers);
        return new TlsTrust("certificates", true, () -> check(all));
    }

    /**
     * The trusted certificates of a PKCS#12 file, and nobody else.
     *
     * @param file the key store
     * @param password its password
     * @return the trust
     */
    public static TlsTrust pkcs12(Path file, String password) {
        Source source = new Source.File(file);
        char[] secret = password.toCharArray();
        return new TlsTrust(
                source.toString(), true, () -> check(KeyMaterial.pkcs12(source, secret)));
    }

    /**
     * The trusted certificates of a key store, and nobody else.
     *
     * @param store the key store, loaded
     * @return the trust
     */
    public static TlsTrust keyStore(KeyStore store) {
        Objects.requireNonNull(store, "store must not be null");
        return new TlsTrust("key store", true, () -> check(store));
    }

    /**
     * Certain keys: a peer is trusted if its certificate's public key is one of these, whoever
     * issued the certificate, for which names and dates. So a host name is not compared. The way to
     * trust a device with a certificate of its own making.
     *
     * @param pins of each key the SHA-256 of its SubjectPublicKeyInfo in base64, with or without
     *     {@code sha256/} before it; RFC 7469 (HPKP), section 2.4. {@code openssl x509 -pubkey
     *     -noout -in FILE | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary |
     *     base64} prints it
     * @return the trust
     */
    public static TlsTrust keys(String... pins) {
        PinnedKeys keys = PinnedKeys.of(pins);
        return new TlsTrust("keys", false, () -> keys);
    }

    /** Whether names in certificates mean something. */
    boolean isByIssuer() {
        return byIssuer;
    }

    /** Reads files, and says why a peer is refused. */
    X509ExtendedTrustManager load() {
        try {
            return new PeerCheck(loader.load());
        } catch (GeneralSecurityException | IOException e) {
            throw new InvalidKeyMaterialException(
                    "cannot use the trusted certificates of " + name + ": " + e.getMessage(),
                    name,
                    e instanceof IOException io ? io : new IOException(e));
        }
    }

    private static X509ExtendedTrustManager check(List<X509Certificate> issuers)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (int i = 0; i < issuers.size(); i++) {
            store.setCertificateEntry("issuer-" + i, issuers.get(i));
        }
        return check(store);
    }

    private static X509ExtendedTrustManager check(@Nullable KeyStore store)
            throws GeneralSecurityException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager x509) {
                if (store != null && x509.getAcceptedIssuers().length == 0) {
                    throw new GeneralSecurityException(
                            "there is none that is marked as trusted, as keytool does (and openssl"
                                    + " pkcs12 with -jdktrust): else give them to TlsTrust.pem");
                }
                return x509;
            }
        }
        throw new GeneralSecurityException("the JDK has no X.509 trust manager");
    }

    @Override
    public String toString() {
        return "TlsTrust[" + name + "]";
    }
}
