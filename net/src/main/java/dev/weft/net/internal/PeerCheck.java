package dev.weft.net.internal;

import dev.weft.net.TlsException.Reason;
import io.netty.handler.ssl.OpenSslCertificateException;
import io.netty.handler.ssl.OpenSslEngine;
import io.netty.internal.tcnative.CertificateVerifier;
import java.net.Socket;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Checks peers as another does, and says of those that it refuses why. */
public final class PeerCheck extends X509ExtendedTrustManager {
    private final X509ExtendedTrustManager checker;

    /**
     * Asks another.
     *
     * @param checker who decides
     */
    public PeerCheck(X509ExtendedTrustManager checker) {
        this.checker = checker;
    }

    /** A peer was refused, for a reason. */
    public static final class Refusal extends CertificateException {
        private static final long serialVersionUID = 1L;

        private final Reason reason;
        private final transient List<X509Certificate> certificates;

        /**
         * What the error that users see is made from.
         *
         * @param reason why
         * @param certificates the peer's, its own first
         * @param message more on it
         */
        public Refusal(Reason reason, List<X509Certificate> certificates, String message) {
            super(message);
            this.reason = reason;
            this.certificates = certificates;
        }

        /** Why. */
        public Reason reason() {
            return reason;
        }

        /** The peer's, its own first. */
        public List<X509Certificate> certificates() {
            return certificates;
        }
    }

    private interface Check {
        void run() throws CertificateException;
    }

    private static void explained(
            X509Certificate[] chain, @Nullable SSLEngine engine, Check check, Check withoutTheName)
            throws CertificateException {
        Refusal refusal;
        try {
            check.run();
            return;
        } catch (Refusal e) {
            refusal = e;
        } catch (CertificateException e) {
            refusal =
                    new Refusal(
                            reason(e, withoutTheName),
                            List.of(chain),
                            String.valueOf(e.getMessage()));
            // Its cause, if there is one: from that the JDK tells which alert to send.
            refusal.initCause(e.getCause() == null ? e : e.getCause());
        }
        throw engine instanceof OpenSslEngine
                ? new OpenSslCertificateException(
                        refusal.getMessage(), refusal, errorOfOpenSsl(refusal.reason))
                : refusal;
    }

    /** Else the peer is told of an internal error. */
    private static int errorOfOpenSsl(Reason reason) {
        return switch (reason) {
            case UNKNOWN_ISSUER -> CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
            case EXPIRED -> CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
            case NOT_YET_VALID -> CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
            case WRONG_HOST -> CertificateVerifier.X509_V_ERR_HOSTNAME_MISMATCH;
            default -> CertificateVerifier.X509_V_ERR_CERT_REJECTED;
        };
    }

    private static Reason reason(CertificateException failure, Check withoutTheName) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof CertificateExpiredException) {
                return Reason.EXPIRED;
            }
            if (t instanceof CertificateNotYetValidException) {
                return Reason.NOT_YET_VALID;
            }
        }
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof CertPathBuilderException) {
                return Reason.UNKNOWN_ISSUER;
            }
        }
        try {
            withoutTheName.run();
            return Reason.WRONG_HOST;
        } catch (CertificateException e) {
            return Reason.BAD_CERTIFICATE;
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        explained(
                chain,
                engine,
                () -> checker.checkServerTrusted(chain, type, engine),
                () -> checker.checkServerTrusted(chain, type));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        explained(
                chain,
                null,
                () -> checker.checkServerTrusted(chain, type, socket),
                () -> checker.checkServerTrusted(chain, type));
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        Check check = () -> checker.checkServerTrusted(chain, type);
        explained(chain, null, check, check);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        Check check = () -> checker.checkClientTrusted(chain, type, engine);
        explained(chain, engine, check, check);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        Check check = () -> checker.checkClientTrusted(chain, type, socket);
        explained(chain, null, check, check);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        Check check = () -> checker.checkClientTrusted(chain, type);
        explained(chain, null, check, check);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return checker.getAcceptedIssuers();
    }
}
