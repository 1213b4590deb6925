package dev.weft.echo;

import dev.weft.Async;
import dev.weft.net.ServerTls;
import dev.weft.net.TlsIdentity;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.CertificateBuilder.KeyUsage;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;

/**
 * A certificate made on the spot, for demonstrations, by an authority made for it alone, whose key
 * nobody keeps. So nobody trusts it but those who are told.
 */
record DevCertificate(ServerTls tls, X509Certificate certificate, X509Certificate authority) {
    private static final Duration VALID = Duration.ofDays(7);

    /** For this machine by its usual names, and a host; suspends while keys are made. */
    static DevCertificate make(String host) {
        return Async.offload(() -> {
            X509Bundle authority =
                    builder("Weft's development authority")
                            .setIsCertificateAuthority(true)
                            .setKeyUsage(true, KeyUsage.keyCertSign)
                            .buildSelfSigned();
            CertificateBuilder leaf =
                    builder("Weft's development certificate")
                            .setKeyUsage(true, KeyUsage.digitalSignature)
                            .addExtendedKeyUsageServerAuth()
                            .addSanDnsName("localhost")
                            .addSanIpAddress("127.0.0.1")
                            .addSanIpAddress("::1");
            boolean address = NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host);
            X509Bundle made =
                    (address ? leaf.addSanIpAddress(host) : leaf.addSanDnsName(host))
                            .buildIssuedBy(authority);
            TlsIdentity identity =
                    TlsIdentity.pem(made.getCertificatePathPEM(), made.getPrivateKeyPEM());
            return new DevCertificate(
                    ServerTls.of(identity), made.getCertificate(), authority.getCertificate());
        });
    }

    private static CertificateBuilder builder(String subject) {
        Instant now = Instant.now();
        return new CertificateBuilder()
                .ecp256()
                .subject("CN=" + subject)
                .notBefore(now.minus(Duration.ofHours(1)))
                .notAfter(now.plus(VALID));
    }

    /** What {@code --trust} takes. */
    String pin() {
        try {
            byte[] key = certificate.getPublicKey().getEncoded();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
            return "sha256/" + Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
