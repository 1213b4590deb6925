package dev.weft.net;

import dev.weft.net.TlsException.Reason;
import dev.weft.net.internal.PeerCheck;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says what a handshake failed on, out of what the engines say in their various ways. */
record TlsFailures(
        String connection,
        SocketAddress peer,
        boolean client,
        @Nullable String host,
        boolean hasIdentity,
        TlsValues options) {
    private static final int DNS = 2; // RFC 5280, section 4.2.1.6
    private static final int IP = 7;

    private record Rule(Pattern pattern, Reason reason) {
        static Rule of(String pattern, Reason reason) {
            return new Rule(Pattern.compile(pattern), reason);
        }
    }

    /** The words of the JDK, of BoringSSL, and the alerts' names, which both use. */
    private static final List<Rule> RULES =
            List.of(
                    Rule.of(
                            "not an ssl/tls record|plaintext connection|http_request|https_proxy",
                            Reason.NOT_TLS),
                    Rule.of(
                            "no_application_protocol|no application protocol"
                                    + "|selected protocol is not supported"
                                    + "|no compatible protocols? found",
                            Reason.NO_COMMON_APPLICATION_PROTOCOL),
                    Rule.of(
                            "protocol.?version|unsupported_protocol|no appropriate protocol"
                                    + "|protocol versions|wrong_version_number"
                                    + "|(requested|selected) protocol",
                            Reason.NO_COMMON_PROTOCOL),
                    Rule.of(
                            "certificate_required|empty client certificate chain"
                                    + "|peer_did_not_return_a_certificate",
                            Reason.CERTIFICATE_REQUIRED),
                    Rule.of(
                            "no_shared_cipher|no cipher suites in common|insufficient_security",
                            Reason.NO_COMMON_CIPHER_SUITE),
                    Rule.of(
                            "alert.*(bad.?certificate|unknown_ca|certificate_unknown"
                                    + "|certificate_expired|certificate_revoked"
                                    + "|unsupported_certificate|access_denied|decrypt_error)",
                            Reason.CERTIFICATE_REFUSED));

    /**
     * The error that the caller gets.
     *
     * @param failure what came out of the engine
     * @param beginning the peer's first bytes
     */
    TlsException explain(Throwable failure, byte[] beginning) {
        IOException cause = failure instanceof IOException e ? e : new IOException(failure);
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof PeerCheck.Refusal refusal) {
                return made(refusal.reason(), refused(refusal), refusal.certificates(), cause);
            }
        }
        Reason reason = reason(failure);
        return made(reason, text(reason, failure, beginning), List.of(), cause);
    }

    private TlsException made(
            Reason reason, String text, List<X509Certificate> certificates, IOException cause) {
        return new TlsException(
                "TLS failed on " + connection + ": " + text, reason, peer, certificates, cause);
    }

    private Reason reason(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = failure; t != null; t = t.getCause()) {
            all.append(t.getMessage()).append(' ');
        }
        String words = all.toString().toLowerCase(Locale.ROOT);
        for (Rule rule : RULES) {
            if (rule.pattern.matcher(words).find()) {
                boolean hadNone =
                        client && !hasIdentity && rule.reason == Reason.CERTIFICATE_REFUSED;
                return hadNone ? Reason.CERTIFICATE_REQUIRED : rule.reason;
            }
        }
        return Reason.OTHER;
    }

    private String other() {
        return client ? "the server" : "the client";
    }

    private String text(Reason reason, Throwable failure, byte[] beginning) {
        String said = " (" + innermost(failure) + ")";
        return switch (reason) {
            case NOT_TLS ->
                    other()
                            + " does not speak TLS: it began with \""
                            + printable(beginning)
                            + "\"; is the port right?";
            case NO_COMMON_PROTOCOL ->
                    other()
                            + " has no version of TLS in common with this side's "
                            + options.protocols
                            + said;
            case NO_COMMON_CIPHER_SUITE ->
                    other() + " has no cipher suite in common with this side" + said;
            case NO_COMMON_APPLICATION_PROTOCOL ->
                    other()
                            + " has no application protocol (ALPN) in common with this side's "
                            + options.applicationProtocols
                            + said;
            case CERTIFICATE_REQUIRED ->
                    client
                            ? "the server requires a certificate of this side: set"
                                    + " ClientTls.identity"
                                    + said
                            : "the client has shown no certificate, which this server requires"
                                    + said;
            case CERTIFICATE_REFUSED -> other() + " refused this side's certificate" + said;
            default -> innermost(failure) + hint(failure);
        };
    }

    private String hint(Throwable failure) {
        if (!client) {
            return "";
        }
        if (String.valueOf(innermost(failure))
                .toLowerCase(Locale.ROOT)
                .contains("unrecognized_name")) {
            return ": the server does not know the name "
                    + host
                    + ", is that right? If not, set ClientTls.serverName";
        }
        return !hasIdentity && isHandshakeFailure(failure)
                ? ": does the server require a certificate of this side (ClientTls.identity)?"
                : "";
    }

    /** In TLS 1.2 the one alert for almost everything. */
    private static boolean isHandshakeFailure(Throwable failure) {
        String said = String.valueOf(innermost(failure)).toLowerCase(Locale.ROOT);
        return said.contains("alert") && said.contains("handshake_failure");
    }

    private static @Nullable String innermost(Throwable failure) {
        Throwable last = failure;
        while (last.getCause() != null) {
            last = last.getCause();
        }
        return last.getMessage() == null ? last.toString() : last.getMessage();
    }

    private static String printable(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^ -~]+", " ").strip();
    }

    // ---- the peer's certificate

    private String refused(PeerCheck.Refusal refusal) {
        X509Certificate own = refusal.certificates().getFirst();
        String certificate = "the certificate of " + other();
        return switch (refusal.reason()) {
            case UNKNOWN_ISSUER -> certificate + unknownIssuer(own, refusal.certificates());
            case WRONG_HOST ->
                    certificate
                            + " is for "
                            + names(own)
                            + ", not for "
                            + host
                            + ": is that the right host? If so, set ClientTls.serverName";
            case EXPIRED -> certificate + expired(refusal.certificates());
            case NOT_YET_VALID -> certificate + notYet(refusal.certificates());
            default -> certificate + " is refused: " + refusal.getMessage();
        };
    }

    private String unknownIssuer(X509Certificate own, List<X509Certificate> chain) {
        String subject = own.getSubjectX500Principal().getName();
        X509Certificate last = chain.getLast();
        String how =
                ": if that is right, trust it with TlsTrust.pem and its file, or its key with"
                        + " TlsTrust.keys(\"sha256/"
                        + PinnedKeys.pin(own)
                        + "\")";
        if (own.getSubjectX500Principal().equals(own.getIssuerX500Principal())) {
            return " (" + subject + ") was issued by itself, and is not trusted" + how;
        }
        return " ("
                + subject
                + ") was issued by "
                + last.getIssuerX500Principal().getName()
                + ", which is not trusted"
                + how;
    }

    private static String expired(List<X509Certificate> chain) {
        X509Certificate first =
                Collections.min(chain, Comparator.comparing(c -> c.getNotAfter().toInstant()));
        return " ("
                + first.getSubjectX500Principal().getName()
                + ") expired at "
                + first.getNotAfter().toInstant();
    }

    private static String notYet(List<X509Certificate> chain) {
        X509Certificate last =
                Collections.max(chain, Comparator.comparing(c -> c.getNotBefore().toInstant()));
        return " ("
                + last.getSubjectX500Principal().getName()
                + ") is not valid before "
                + last.getNotBefore().toInstant()
                + ": is the clock right?";
    }

    private static String names(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> name : alternatives) {
                    if (name.getFirst() instanceof Integer type && (type == DNS || type == IP)) {
                        names.add(String.valueOf(name.get(1)));
                    }
                }
            }
        } catch (CertificateParsingException e) {
            // Then the subject will do.
        }
        return names.isEmpty()
                ? certificate.getSubjectX500Principal().getName()
                : String.join(", ", names);
    }
}
