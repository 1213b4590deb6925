package dev.weft.net.internal;

import dev.weft.net.TlsProvider;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.NetUtil;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Makes Netty's TLS contexts and handlers: the one place that knows of providers. */
public final class TlsContexts {
    private TlsContexts() {}

    /**
     * What the two sides' options have in common.
     *
     * @param provider who does the work
     * @param protocols the versions to accept
     * @param cipherSuites the suites to accept; none: the provider's own choice
     * @param applicationProtocols for ALPN, best first; none: no ALPN
     */
    public record Plan(
            TlsProvider provider,
            List<String> protocols,
            List<String> cipherSuites,
            List<String> applicationProtocols) {}

    /**
     * The client side's; reads files.
     *
     * @param plan the options
     * @param trust checks the server
     * @param identity this side's certificate, or null
     * @return to be kept, as it holds the sessions that can be resumed
     * @throws SSLException if an option is not to be had
     */
    public static SslContext client(
            Plan plan, X509ExtendedTrustManager trust, @Nullable X509ExtendedKeyManager identity)
            throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient().trustManager(trust);
        if (identity != null) {
            builder.keyManager(identity);
        }
        // Asked for by each engine.
        return common(builder, plan).endpointIdentificationAlgorithm(null).build();
    }

    /**
     * The server side's; reads files.
     *
     * @param plan the options
     * @param identities this side's certificates
     * @param clients whether clients are to show a certificate
     * @param trust checks clients, or null if they are not asked
     * @return to be kept, as it holds the sessions that can be resumed
     * @throws SSLException if an option is not to be had
     */
    public static SslContext server(
            Plan plan,
            X509ExtendedKeyManager identities,
            ClientAuth clients,
            @Nullable X509ExtendedTrustManager trust)
            throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forServer(identities).clientAuth(clients);
        if (trust != null) {
            builder.trustManager(trust);
        }
        return common(builder, plan).build();
    }

    private static SslContextBuilder common(SslContextBuilder builder, Plan plan) {
        boolean openSsl = isOpenSsl(plan.provider);
        builder.sslProvider(openSsl ? SslProvider.OPENSSL : SslProvider.JDK)
                .protocols(plan.protocols);
        if (!plan.cipherSuites.isEmpty()) {
            builder.ciphers(plan.cipherSuites, IdentityCipherSuiteFilter.INSTANCE);
        }
        if (!plan.applicationProtocols.isEmpty()) {
            // Netty's OpenSSL side cannot refuse a peer for its protocols.
            builder.applicationProtocolConfig(
                    new ApplicationProtocolConfig(
                            Protocol.ALPN,
                            openSsl
                                    ? SelectorFailureBehavior.NO_ADVERTISE
                                    : SelectorFailureBehavior.FATAL_ALERT,
                            openSsl
                                    ? SelectedListenerFailureBehavior.ACCEPT
                                    : SelectedListenerFailureBehavior.FATAL_ALERT,
                            plan.applicationProtocols));
        }
        return builder;
    }

    private static boolean isOpenSsl(TlsProvider provider) {
        return switch (provider) {
            case JDK -> false;
            case AUTO -> OpenSsl.isAvailable();
            case OPENSSL -> {
                if (!OpenSsl.isAvailable()) {
                    throw new IllegalStateException(
                            "OPENSSL was asked for, but is not there: add"
                                    + " io.netty:netty-tcnative-boringssl-static, or use AUTO",
                            OpenSsl.unavailabilityCause());
                }
                yield true;
            }
        };
    }

    /**
     * Who is to be talked to.
     *
     * @param name the name that its certificate has to have, and that it is told (SNI); or null
     * @param port the port, for finding a session to resume; -1 if there is none
     * @param verify whether the certificate has to have that name
     */
    public record Peer(@Nullable String name, int port, boolean verify) {}

    /**
     * The client side of a connection.
     *
     * @param context the options
     * @param channel the connection
     * @param peer who is at the other end
     * @param delegate what runs the engine's tasks
     * @return a new handler
     */
    public static SslHandler clientHandler(
            SslContext context, Channel channel, Peer peer, Executor delegate) {
        String name = peer.name == null ? null : bare(peer.name);
        SslHandler handler =
                name == null
                        ? context.newHandler(channel.alloc(), delegate)
                        : context.newHandler(channel.alloc(), name, peer.port, delegate);
        SSLEngine engine = handler.engine();
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm(peer.verify ? "HTTPS" : null);
        if (name != null) {
            announce(parameters, name);
        }
        engine.setSSLParameters(parameters);
        return handler;
    }

    /** Of an IPv6 literal without its brackets, and of a name without its last dot. */
    private static String bare(String name) {
        if (name.startsWith("[") && name.endsWith("]")) {
            return name.substring(1, name.length() - 1);
        }
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /** The JDK itself does not tell names without a dot. */
    private static void announce(SSLParameters parameters, String name) {
        if (NetUtil.isValidIpV4Address(name) || NetUtil.isValidIpV6Address(name)) {
            return; // RFC 6066, section 3: no literals
        }
        try {
            parameters.setServerNames(List.of(new SNIHostName(name)));
        } catch (IllegalArgumentException e) {
            // Not a name that SNI can carry, such as one with an underscore.
        }
    }
}
