package dev.weft.net;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.function.UnaryOperator;

/** Certificates of the tests', and the authority that issues them. */
public final class Certs {
    public static final X509Bundle AUTHORITY = authority("CN=Test Authority");

    public static final X509Bundle LOCALHOST = issued("localhost");

    public static final TlsTrust TRUST = TlsTrust.certificates(AUTHORITY.getCertificate());

    private Certs() {}

    private interface Making<T> {
        T make() throws Exception;
    }

    private static <T> T unchecked(Making<T> making) {
        try {
            return making.make();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    public static X509Bundle authority(String subject) {
        return unchecked(() ->
                new CertificateBuilder()
                        .ecp256()
                        .subject(subject)
                        .setIsCertificateAuthority(true)
                        .setKeyUsage(true, KeyUsage.digitalSignature, KeyUsage.keyCertSign)
                        .buildSelfSigned());
    }

    public static X509Bundle issued(String name) {
        return issued(AUTHORITY, name, b -> b);
    }

    public static X509Bundle issued(
            X509Bundle issuer, String name, UnaryOperator<CertificateBuilder> more) {
        return unchecked(() ->
                more.apply(
                                new CertificateBuilder()
                                        .ecp256()
                                        .subject("CN=" + name)
                                        .addExtensionOctetString("2.5.29.17", false, names(name)))
                        .buildIssuedBy(issuer));
    }

    /** A SubjectAltName; the builder itself knows of no wildcards. */
    private static byte[] names(String dns) {
        byte[] name = dns.getBytes(StandardCharsets.US_ASCII);
        byte[] address = {(byte) 0x87, 4, 127, 0, 0, 9};
        ByteBuffer der = ByteBuffer.allocate(name.length + address.length + 4);
        der.put((byte) 0x30).put((byte) (name.length + address.length + 2));
        der.put((byte) 0x82).put((byte) name.length).put(name).put(address);
        return der.array();
    }

    public static X509Bundle valid(int fromDays, int toDays) {
        Instant now = Instant.now();
        return issued(
                AUTHORITY,
                "localhost",
                b ->
                        b.notBefore(now.plus(fromDays, ChronoUnit.DAYS))
                                .notAfter(now.plus(toDays, ChronoUnit.DAYS)));
    }

    public static TlsIdentity identity(X509Bundle bundle) {
        return TlsIdentity.pem(bundle.getCertificatePathPEM(), bundle.getPrivateKeyPEM());
    }
}
