package dev.weft.echo;

import static picocli.CommandLine.Option.NULL_VALUE;

import dev.weft.Async;
import dev.weft.net.ClientTls;
import dev.weft.net.TlsTrust;
import dev.weft.websocket.WebSocketOptions;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The WebSocket echo: a client, a server, or both at once. */
@Command(
        name = "echo",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description = {
            "Sends messages over a WebSocket and prints the replies, one a line.",
            "Without --connect it sends them to a server of its own, on this machine."
        },
        customSynopsis = {
            "weft echo MESSAGE...",
            "       weft echo --connect ws://HOST:PORT/PATH MESSAGE...",
            "       weft echo --connect wss://HOST:PORT/PATH [--trust KEY|FILE] MESSAGE...",
            "       weft echo --serve [--tls] [--host HOST] [--port PORT]"
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:every message came back, or the server was told to stop",
            "1:it failed; one line on standard error says why",
            "2:it was called wrongly"
        })
final class EchoCommand implements Callable<Integer> {
    private static final String LOOPBACK = "127.0.0.1";

    @Spec private CommandSpec spec;

    @Option(
            names = "--serve",
            description = "Serve until SIGINT (Ctrl-C) or SIGTERM, then close all connections.")
    private boolean serve;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = NULL_VALUE,
            description = "The address to serve on; 0.0.0.0 is all of them. Default: 127.0.0.1")
    private @Nullable String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = NULL_VALUE,
            description = "The port to serve on; 0 finds a free one. Default: 0")
    private @Nullable Integer port;

    @Option(
            names = "--connect",
            paramLabel = "URL",
            defaultValue = NULL_VALUE,
            description = "The server to send to: ws://HOST:PORT/PATH, or wss:// for TLS.")
    private @Nullable String url;

    @Option(
            names = "--tls",
            description = {
                "Speak TLS with one's own server, whose certificate is made on the spot.",
                "With --serve the first line says what clients need to trust it."
            })
    private boolean tls;

    @Option(
            names = "--trust",
            paramLabel = "KEY|FILE",
            defaultValue = NULL_VALUE,
            description = {
                "Whom to trust with wss://: sha256/... as --serve --tls says it, or a file of",
                "certificates in PEM. Default: what Java trusts"
            })
    private @Nullable String trust;

    @Option(
            names = "--max-message-bytes",
            paramLabel = "N",
            defaultValue = "1048576",
            description = "The longest message to receive. Default: ${DEFAULT-VALUE}")
    private int maxMessageBytes;

    @SuppressWarnings("UnusedVariable") // Problems looks for it among the arguments
    @Option(names = "--debug", description = "Print stack traces of failures.")
    private boolean debug;

    @Parameters(paramLabel = "MESSAGE", arity = "0..*", description = "What to send.")
    private List<String> messages = List.of();

    @Override
    public Integer call() {
        check();
        WebSocketOptions options = WebSocketOptions.defaults().maxMessageBytes(maxMessageBytes);
        PrintWriter out = spec.commandLine().getOut();
        String server = url;
        if (serve) {
            String address = host != null ? host : LOOPBACK;
            int number = port != null ? port : 0;
            Async.run(() -> {
                if (tls) {
                    EchoServer.serveSecurelyUntilStopped(address, number, options, out);
                } else {
                    EchoServer.serveUntilStopped(address, number, options, out);
                }
            });
        } else if (server != null) {
            URI target = parse(server);
            WebSocketOptions trusting = trusting(target, options);
            Async.run(() -> EchoClient.sendAll(target, messages, trusting, out));
        } else {
            Async.run(() -> echo(tls ? secured(options) : options, out));
        }
        return ExitCode.OK;
    }

    private void echo(WebSocketOptions options, PrintWriter out) {
        try (var server = EchoServer.open(LOOPBACK, 0, options)) {
            EchoClient.sendAll(URI.create(server.url()), messages, options, out);
        }
    }

    /** For both sides. */
    private static WebSocketOptions secured(WebSocketOptions options) {
        DevCertificate made = DevCertificate.make(LOOPBACK);
        ClientTls client = ClientTls.defaults().trust(TlsTrust.certificates(made.authority()));
        return options.tls(made.tls()).tls(client);
    }

    private WebSocketOptions trusting(URI target, WebSocketOptions options) {
        String whom = trust;
        if (whom == null) {
            return options;
        }
        if (!target.getScheme().equalsIgnoreCase("wss")) {
            throw wrong("--trust is for wss:// URLs only, was " + target);
        }
        try {
            TlsTrust trusted =
                    whom.startsWith("sha256/") ? TlsTrust.keys(whom) : TlsTrust.pem(Path.of(whom));
            return options.tls(ClientTls.defaults().trust(trusted));
        } catch (IllegalArgumentException e) {
            throw wrong("--trust: " + e.getMessage());
        }
    }

    private void check() {
        if (maxMessageBytes < 1) {
            throw wrong("--max-message-bytes must be 1 or more, was " + maxMessageBytes);
        }
        if (tls && url != null) {
            throw wrong("--tls is for one's own server: with --connect a wss:// URL says it");
        }
        if (trust != null && url == null) {
            throw wrong("--trust is for --connect only");
        }
        if (serve) {
            checkServe();
        } else if (host != null || port != null) {
            throw wrong((host != null ? "--host" : "--port") + " is for --serve only");
        } else if (messages.isEmpty()) {
            throw wrong("missing MESSAGE: what is to be sent?");
        }
    }

    private void checkServe() {
        if (url != null) {
            throw wrong("--serve and --connect exclude each other");
        }
        if (!messages.isEmpty()) {
            throw wrong("--serve takes no MESSAGE: " + messages.getFirst());
        }
        Integer number = port;
        if (number != null && (number < 0 || number > 65_535)) {
            throw wrong("--port must be 0 to 65535, was " + number);
        }
    }

    private URI parse(String server) {
        try {
            URI uri = new URI(server);
            String scheme = uri.getScheme();
            boolean known =
                    scheme != null
                            && (scheme.equalsIgnoreCase("ws") || scheme.equalsIgnoreCase("wss"));
            if (uri.getRawFragment() != null) {
                throw wrong(
                        "not a WebSocket URL: " + server + ": it must not have a fragment (#...)");
            }
            if (known && uri.getHost() != null && uri.getPort() <= 65_535) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw wrong("not a WebSocket URL: " + server + ": " + e.getReason());
        }
        throw wrong(
                "not a WebSocket URL: "
                        + server
                        + ": expected ws://HOST:PORT/PATH, or wss:// for TLS");
    }

    private ParameterException wrong(String what) {
        return new ParameterException(spec.commandLine(), what);
    }
}
