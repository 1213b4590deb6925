package dev.weft.http;

import dev.weft.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The proxies that the environment names, as curl and others understand it: {@code http_proxy},
 * {@code https_proxy} or else {@code all_proxy}, and {@code no_proxy} for the hosts that need none.
 * Names in capitals count as well, but for {@code HTTP_PROXY}, which a CGI program gets from its
 * client's header {@code Proxy}.
 *
 * <p>A proxy is {@code http://host:port}, {@code socks5://host:port} or {@code socks4://host:port},
 * with {@code user:password@} before the host if it wants that. {@code no_proxy} lists, with
 * commas, names, which stand for their subdomains too, addresses, and {@code *} for all; {@code
 * :port} behind one limits it to that port.
 *
 * {@snippet file="EnvironmentProxiesTest.java" region="environment"}
 */
public final class EnvironmentProxies implements Function<URI, @Nullable Proxy> {
    private final @Nullable Proxy http;
    private final @Nullable Proxy https;
    private final List<Exempt> exceptions;

    /** Of {@code no_proxy}; port -1 stands for all. */
    private record Exempt(String host, int port) {
        boolean matches(String name, int at) {
            return (port < 0 || port == at)
                    && (host.equals("*") || name.equals(host) || name.endsWith("." + host));
        }
    }

    private EnvironmentProxies(
            @Nullable Proxy http, @Nullable Proxy https, List<Exempt> exceptions) {
        this.http = http;
        this.https = https;
        this.exceptions = exceptions;
    }

    /**
     * Those of this process's environment.
     *
     * @return for {@link HttpOptions#proxies}
     * @throws IllegalArgumentException if a variable holds no proxy's URL
     */
    public static EnvironmentProxies get() {
        return of(System.getenv());
    }

    /**
     * Those of an environment.
     *
     * @param environment the variables
     * @return for {@link HttpOptions#proxies}
     * @throws IllegalArgumentException if a variable holds no proxy's URL
     */
    public static EnvironmentProxies of(Map<String, String> environment) {
        Proxy all = proxy(environment, "all_proxy", "ALL_PROXY");
        Proxy http = proxy(environment, "http_proxy");
        Proxy https = proxy(environment, "https_proxy", "HTTPS_PROXY");
        String none =
                environment.getOrDefault("no_proxy", environment.getOrDefault("NO_PROXY", ""));
        return new EnvironmentProxies(
                http == null ? all : http, https == null ? all : https, exceptions(none));
    }

    private static List<Exempt> exceptions(String list) {
        List<Exempt> exceptions = new ArrayList<>();
        for (String part : list.split("[,\\s]+", -1)) {
            String host = part.toLowerCase(Locale.ROOT);
            int port = -1;
            int colon = host.lastIndexOf(':');
            boolean single = colon >= 0 && (host.indexOf(':') == colon || host.startsWith("["));
            if (single && host.substring(colon + 1).matches("[0-9]{1,5}")) {
                port = Integer.parseInt(host.substring(colon + 1));
                host = host.substring(0, colon);
            }
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            if (host.startsWith("*.")) {
                host = host.substring(2);
            } else if (host.startsWith(".")) {
                host = host.substring(1);
            }
            if (!host.isEmpty()) {
                exceptions.add(new Exempt(host, port));
            }
        }
        return List.copyOf(exceptions);
    }

    private static @Nullable Proxy proxy(Map<String, String> environment, String... names) {
        for (String name : names) {
            String value = environment.get(name);
            if (value != null && !value.isBlank()) {
                return parse(name, value.strip());
            }
        }
        return null;
    }

    private static Proxy parse(String name, String value) {
        URI url;
        try {
            url = new URI(value.contains("://") ? value : "http://" + value);
        } catch (URISyntaxException e) {
            throw wrong(name);
        }
        String scheme = url.getScheme().toLowerCase(Locale.ROOT);
        String host = url.getHost();
        if (host == null) {
            throw wrong(name);
        }
        if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = url.getPort();
        Proxy proxy =
                switch (scheme) {
                    case "http" -> Proxy.http(host, port < 0 ? 80 : port);
                    case "socks5", "socks5h", "socks" -> Proxy.socks5(host, port < 0 ? 1080 : port);
                    case "socks4", "socks4a" -> Proxy.socks4(host, port < 0 ? 1080 : port);
                    default -> throw wrong(name);
                };
        String user = url.getRawUserInfo();
        if (user == null || user.isEmpty()) {
            return proxy;
        }
        int colon = user.indexOf(':');
        return colon < 0
                ? proxy.credentials(decoded(user), "")
                : proxy.credentials(
                        decoded(user.substring(0, colon)), decoded(user.substring(colon + 1)));
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** Without the value, which may hold a password. */
    private static IllegalArgumentException wrong(String name) {
        return new IllegalArgumentException(
                name
                        + " must be such as http://host:8080 or socks5://host:1080, with http,"
                        + " socks5 or socks4");
    }

    /**
     * The proxy for a URL.
     *
     * @param url of http or https
     * @return always the same for one scheme; null for none
     */
    @Override
    public @Nullable Proxy apply(URI url) {
        boolean secure = "https".equalsIgnoreCase(url.getScheme());
        Proxy proxy = secure ? https : http;
        String host = url.getHost();
        if (proxy == null || host == null) {
            return null;
        }
        String name = host.toLowerCase(Locale.ROOT);
        String bare = name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
        int port = url.getPort() < 0 ? (secure ? 443 : 80) : url.getPort();
        return exceptions.stream().anyMatch(e -> e.matches(bare, port)) ? null : proxy;
    }
}
