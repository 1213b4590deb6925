package dev.weft.net;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the identity of a connection by the name that the client asks for. As the identities are
 * asked at each handshake, reloading one needs no new context, and sessions can be resumed on.
 */
final class IdentityKeys extends X509ExtendedKeyManager {
    /** For clients that ask for no name, or for one that is not here. */
    private final TlsIdentity standard;

    /** By lower-case name; a wildcard's begins with {@code *.}. */
    private final Map<String, TlsIdentity> byName;

    IdentityKeys(TlsIdentity standard, SequencedMap<String, TlsIdentity> byName) {
        this.standard = standard;
        this.byName = Map.copyOf(byName);
    }

    /** Reads what has not been read; blocks. */
    void load() {
        standard.load();
        byName.values().forEach(TlsIdentity::load);
    }

    private TlsIdentity identity(@Nullable SSLEngine engine) {
        String asked = engine == null ? null : serverName(engine.getHandshakeSession());
        if (asked == null) {
            return standard;
        }
        String name = asked.toLowerCase(Locale.ROOT);
        TlsIdentity found = byName.get(name);
        if (found == null) {
            // RFC 6125, section 6.4.3: a wildcard stands for one label.
            int dot = name.indexOf('.');
            found = dot < 0 ? null : byName.get("*" + name.substring(dot));
        }
        return found != null ? found : standard;
    }

    /** The name that a client has asked for. */
    static @Nullable String serverName(@Nullable SSLSession session) {
        if (session instanceof ExtendedSSLSession extended) {
            for (SNIServerName name : extended.getRequestedServerNames()) {
                if (name instanceof SNIHostName host) {
                    return host.getAsciiName();
                }
            }
        }
        return null;
    }

    private static @Nullable String name(TlsIdentity identity, String... keyTypes) {
        TlsIdentity.Loaded loaded = identity.current();
        if (loaded == null) {
            return null;
        }
        String algorithm = loaded.key().getAlgorithm();
        for (String type : keyTypes) {
            // EC_RSA and EC_EC tell who has signed the certificate, too.
            if (type.equals(algorithm) || type.startsWith(algorithm + "_")) {
                return loaded.name();
            }
        }
        return null;
    }

    private TlsIdentity.@Nullable Loaded named(@Nullable String name) {
        if (name == null) {
            return null;
        }
        List<TlsIdentity> all = new ArrayList<>(byName.values());
        all.addFirst(standard);
        for (TlsIdentity identity : all) {
            TlsIdentity.Loaded loaded = identity.named(name);
            if (loaded != null) {
                return loaded;
            }
        }
        return null;
    }

    @Override
    public @Nullable String chooseEngineServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return name(identity(engine), keyType);
    }

    /** Whatever issuers the server names: what was configured is to be shown. */
    @Override
    public @Nullable String chooseEngineClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
        return name(standard, keyTypes);
    }

    @Override
    public @Nullable String chooseServerAlias(
            String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return name(standard, keyType);
    }

    @Override
    public @Nullable String chooseClientAlias(
            String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
        return name(standard, keyTypes);
    }

    @Override
    public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
        TlsIdentity.Loaded loaded = named(alias);
        return loaded == null ? null : loaded.chain().toArray(new X509Certificate[0]);
    }

    @Override
    public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
        TlsIdentity.Loaded loaded = named(alias);
        return loaded == null ? null : loaded.key();
    }

    @Override
    public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(keyType);
    }

    @Override
    public String[] getServerAliases(String keyType, Principal @Nullable [] issuers) {
        return aliases(keyType);
    }

    private String[] aliases(String keyType) {
        String name = name(standard, keyType);
        return name == null ? new String[0] : new String[] {name};
    }
}
