package dev.weft.net;

import dev.weft.net.internal.TlsContexts;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a client speaks TLS: whom it trusts, who it is, what it offers. Immutable: each setter
 * returns a changed copy. By default it trusts whom the JDK trusts, and wants the certificate to
 * have the name that was connected to.
 *
 * <p>Keep the object, and use it for many connections: it holds what was read from files, which is
 * costly, and the sessions that a server lets it resume. Counterpart of Python's {@code
 * ssl.SSLContext}.
 *
 * {@snippet file="TlsStreamTest.java" region="connect"}
 */
public final class ClientTls {
    private static final ClientTls DEFAULTS = new ClientTls(new Values());

    private final Values values;
    private final TlsValues.Context context;

    private ClientTls(Values values) {
        this.values = values;
        context = new TlsValues.Context(this::make);
    }

    private static final class Values extends TlsValues {
        TlsTrust trust = TlsTrust.system();
        @Nullable TlsIdentity identity;
        @Nullable String serverName;
        boolean verifyHost = true;
    }

    private ClientTls with(Consumer<Values> change) {
        Values copy = (Values) values.clone();
        change.accept(copy);
        return new ClientTls(copy);
    }

    /**
     * The defaults.
     *
     * @return options to start from
     */
    public static ClientTls defaults() {
        return DEFAULTS;
    }

    /** Not to be changed. */
    TlsValues values() {
        return values;
    }

    /** Netty's; suspends the first time. */
    SslContext context() {
        return context.get();
    }

    private SslContext make() throws IOException {
        TlsIdentity identity = values.identity;
        IdentityKeys keys = null;
        if (identity != null) {
            keys = new IdentityKeys(identity, new LinkedHashMap<>());
            keys.load();
        }
        return TlsContexts.client(values.plan(), values.trust.load(), keys);
    }

    /** Whether a name is needed. */
    boolean needsHost() {
        return values.verifyHost && values.trust.isByIssuer();
    }

    /**
     * Whom to trust.
     *
     * @return {@link TlsTrust#system} by default
     */
    public TlsTrust trust() {
        return values.trust;
    }

    /**
     * Sets whom to trust.
     *
     * @param value replaces what was trusted before
     * @return the changed copy
     */
    public ClientTls trust(TlsTrust value) {
        Objects.requireNonNull(value, "trust must not be null");
        return with(v -> v.trust = value);
    }

    /**
     * The certificate to show to servers that ask for one.
     *
     * @return null by default: none
     */
    public @Nullable TlsIdentity identity() {
        return values.identity;
    }

    /**
     * Sets the certificate to show to servers that ask for one.
     *
     * @param value certificate and key
     * @return the changed copy
     */
    public ClientTls identity(TlsIdentity value) {
        Objects.requireNonNull(value, "identity must not be null");
        return with(v -> v.identity = value);
    }

    /**
     * The name that the server's certificate must have, and that the server is told (SNI).
     *
     * @return null by default: the host that was connected to
     */
    public @Nullable String serverName() {
        return values.serverName;
    }

    /**
     * Sets the name that the server's certificate must have, and that the server is told (SNI),
     * where that is not the host that was connected to.
     *
     * @param value the name
     * @return the changed copy
     */
    public ClientTls serverName(String value) {
        Objects.requireNonNull(value, "serverName must not be null");
        if (value.isEmpty()) {
            throw new IllegalArgumentException("serverName must not be empty");
        }
        return with(v -> v.serverName = value);
    }

    /**
     * Whether the server's certificate must have the name that was asked for (RFC 9525).
     *
     * @return true by default
     */
    public boolean verifyHost() {
        return values.verifyHost;
    }

    /**
     * Sets whether the server's certificate must have the name that was asked for. Without that,
     * whoever has a certificate of a trusted issuer, for whatever name, can pass for the server.
     *
     * @param value false where the issuer is one's own and the names mean nothing
     * @return the changed copy
     */
    public ClientTls verifyHost(boolean value) {
        return with(v -> v.verifyHost = value);
    }

    /**
     * The versions of TLS to accept.
     *
     * @return TLSv1.3 and TLSv1.2 by default
     */
    public List<String> protocols() {
        return values.protocols;
    }

    /**
     * Sets the versions of TLS to accept.
     *
     * @param value one or more of {@code TLSv1.3} and {@code TLSv1.2}
     * @return the changed copy
     */
    public ClientTls protocols(String... value) {
        List<String> copy = TlsValues.requireProtocols(value);
        return with(v -> v.protocols = copy);
    }

    /**
     * The cipher suites to accept.
     *
     * @return none by default: the provider's choice
     */
    public List<String> cipherSuites() {
        return values.cipherSuites;
    }

    /**
     * Sets the cipher suites to accept. Seldom needed.
     *
     * @param value the JDK's names, such as {@code TLS_AES_256_GCM_SHA384}, best first; none: the
     *     provider's choice
     * @return the changed copy
     */
    public ClientTls cipherSuites(String... value) {
        List<String> copy = List.of(value);
        return with(v -> v.cipherSuites = copy);
    }

    /**
     * The application protocols for ALPN (RFC 7301).
     *
     * @return none by default: no ALPN
     */
    public List<String> applicationProtocols() {
        return values.applicationProtocols;
    }

    /**
     * Sets the application protocols for ALPN (RFC 7301). What was chosen is in {@link
     * TlsSession#applicationProtocol}; it is null if the peer knows nothing of ALPN.
     *
     * @param value such as {@code h2} and {@code http/1.1}, best first
     * @return the changed copy
     */
    public ClientTls applicationProtocols(String... value) {
        List<String> copy = TlsValues.requireApplicationProtocols(value);
        return with(v -> v.applicationProtocols = copy);
    }

    /**
     * How long a handshake may take.
     *
     * @return 10 s by default
     */
    public Duration handshakeTimeout() {
        return values.handshakeTimeout;
    }

    /**
     * Sets how long a handshake may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public ClientTls handshakeTimeout(Duration value) {
        TlsValues.requirePositive(value, "handshakeTimeout");
        return with(v -> v.handshakeTimeout = value);
    }

    /**
     * How long sending close_notify may take when the stream is closed, once all else is sent; and
     * how long a server that was refused may take to read why; and, where nothing has come from the
     * server, how long its tickets may take, as they have to be there before the socket is closed.
     *
     * @return 1 s by default
     */
    public Duration closeTimeout() {
        return values.closeTimeout;
    }

    /**
     * Sets how long sending close_notify may take.
     *
     * @param value a positive duration
     * @return the changed copy
     */
    public ClientTls closeTimeout(Duration value) {
        TlsValues.requirePositive(value, "closeTimeout");
        return with(v -> v.closeTimeout = value);
    }

    /**
     * Who does the work.
     *
     * @return {@link TlsProvider#AUTO} by default
     */
    public TlsProvider provider() {
        return values.provider;
    }

    /**
     * Sets who does the work.
     *
     * @param value the provider
     * @return the changed copy
     */
    public ClientTls provider(TlsProvider value) {
        Objects.requireNonNull(value, "provider must not be null");
        return with(v -> v.provider = value);
    }

    @Override
    public String toString() {
        return "ClientTls[trust=%s, identity=%s, serverName=%s, verifyHost=%s, protocols=%s]"
                .formatted(trust(), identity(), serverName(), verifyHost(), protocols());
    }
}
