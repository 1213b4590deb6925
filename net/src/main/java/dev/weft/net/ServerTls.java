package dev.weft.net;

import dev.weft.net.internal.TlsContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a server speaks TLS: its certificates, what it wants of clients, what it accepts. Immutable:
 * each setter returns a changed copy. Keep the object: it holds what was read from files, and what
 * clients need to resume their sessions.
 *
 * {@snippet file="TlsServerTest.java" region="listen"}
 */
public final class ServerTls {
    private static final Pattern NAME = Pattern.compile("(\\*\\.)?[a-z0-9_-]++(\\.[a-z0-9_-]++)*+");

    private final Values values;
    private final TlsValues.Context context;

    private ServerTls(Values values) {
        this.values = values;
        context = new TlsValues.Context(this::make);
    }

    private static final class Values extends TlsValues {
        TlsIdentity standard;
        LinkedHashMap<String, TlsIdentity> byName = new LinkedHashMap<>();
        ClientCertificates clientCertificates = ClientCertificates.NONE;
        @Nullable TlsTrust clientTrust;

        Values(TlsIdentity standard) {
            this.standard = standard;
        }
    }

    private ServerTls with(Consumer<Values> change) {
        Values copy = (Values) values.clone();
        change.accept(copy);
        return new ServerTls(copy);
    }

    /**
     * A server with a certificate.
     *
     * @param identity what clients get that ask for no name, or for one that {@link
     *     #identity(String, TlsIdentity)} has not been told
     * @return options to start from
     */
    public static ServerTls of(TlsIdentity identity) {
        return new ServerTls(
                new Values(Objects.requireNonNull(identity, "identity must not be null")));
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
        IdentityKeys keys = new IdentityKeys(values.standard, values.byName);
        keys.load();
        ClientAuth clients =
                switch (values.clientCertificates) {
                    case NONE -> ClientAuth.NONE;
                    case WANTED -> ClientAuth.OPTIONAL;
                    case REQUIRED -> ClientAuth.REQUIRE;
                };
        TlsTrust trust = values.clientTrust;
        return TlsContexts.server(
                values.plan(), keys, clients, trust == null ? null : trust.load());
    }

    /**
     * The certificate for clients that ask for no name, or for one that has none of its own.
     *
     * @return the identity
     */
    public TlsIdentity identity() {
        return values.standard;
    }

    /**
     * Adds a certificate for clients that ask for a name (SNI, RFC 6066).
     *
     * @param name the name, or {@code *.} and a name: a star stands for one label, and a name
     *     without one goes before it
     * @param identity what such a client gets
     * @return the changed copy
     */
    public ServerTls identity(String name, TlsIdentity identity) {
        Objects.requireNonNull(identity, "identity must not be null");
        String lower = name.toLowerCase(Locale.ROOT);
        if (!NAME.matcher(lower).matches()) {
            throw new IllegalArgumentException(
                    "name must be a host name, or *. and one, was " + name);
        }
        LinkedHashMap<String, TlsIdentity> all = new LinkedHashMap<>(values.byName);
        all.put(lower, identity);
        return with(v -> v.byName = all);
    }

    /**
     * Whether clients are asked for a certificate.
     *
     * @return {@link ClientCertificates#NONE} by default
     */
    public ClientCertificates clientCertificates() {
        return values.clientCertificates;
    }

    /**
     * Sets whether clients are asked for a certificate. What they have shown is in {@link
     * TlsSession#peerCertificates}.
     *
     * @param value whether
     * @param trust whose certificates are accepted
     * @return the changed copy
     */
    public ServerTls clientCertificates(ClientCertificates value, TlsTrust trust) {
        Objects.requireNonNull(value, "clientCertificates must not be null");
        Objects.requireNonNull(trust, "trust must not be null");
        return with(v -> {
            v.clientCertificates = value;
            v.clientTrust = trust;
        });
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
    public ServerTls protocols(String... value) {
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
    public ServerTls cipherSuites(String... value) {
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
    public ServerTls applicationProtocols(String... value) {
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
    public ServerTls handshakeTimeout(Duration value) {
        TlsValues.requirePositive(value, "handshakeTimeout");
        return with(v -> v.handshakeTimeout = value);
    }

    /**
     * How long sending close_notify may take when the stream is closed, once all else is sent; and
     * how long a client that was refused may take to read why.
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
    public ServerTls closeTimeout(Duration value) {
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
    public ServerTls provider(TlsProvider value) {
        Objects.requireNonNull(value, "provider must not be null");
        return with(v -> v.provider = value);
    }

    @Override
    public String toString() {
        return "ServerTls[identity=%s, names=%s, clientCertificates=%s, protocols=%s]"
                .formatted(identity(), values.byName.keySet(), clientCertificates(), protocols());
    }
}
