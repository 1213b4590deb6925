import dev.weft.*;
import dev.weft.net.*;

/**
 * Fetches a page's head through a SOCKS 5 proxy, over TLS: {@code ./weft run
 * examples/SocksClient.java PROXY:PORT URL [USER:PASSWORD]}. Try it with {@code ssh -D 1080 HOST}
 * and {@code 127.0.0.1:1080 https://example.org/}.
 */
void main(String[] args) {
    if (args.length < 2 || args.length > 3) {
        System.err.println("usage: SocksClient PROXY:PORT URL [USER:PASSWORD]");
        System.exit(2);
    }
    URI url = URI.create(args[1]);
    try {
        Async.run(() -> fetch(proxy(args), url));
    } catch (UncheckedIOException e) { // the proxy or the host refuses, is not there, or broke off
        System.err.println(e.getMessage());
        System.exit(1);
    }
}

Proxy proxy(String[] args) {
    String[] address = args[0].split(":");
    Proxy proxy = Proxy.socks5(address[0], Integer.parseInt(address[1]));
    if (args.length < 3) {
        return proxy;
    }
    String[] credentials = args[2].split(":", 2);
    return proxy.credentials(credentials[0], credentials[1]);
}

void fetch(Proxy proxy, URI url) {
    boolean secure = url.getScheme().equals("https");
    int port = url.getPort() >= 0 ? url.getPort() : secure ? 443 : 80;
    TcpOptions options = TcpOptions.defaults().proxy(proxy); // which looks the name up itself
    if (secure) {
        options = options.tls(ClientTls.defaults());
    }
    try (ByteStream stream = Tcp.connect(url.getHost(), port, options)) {
        String path = url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        stream.write("HEAD " + path + " HTTP/1.1\r\nHost: " + url.getHost() + "\r\n");
        stream.write("Connection: close\r\n\r\n");
        for (String line : stream.lines()) {
            IO.println(line);
        }
    }
}
