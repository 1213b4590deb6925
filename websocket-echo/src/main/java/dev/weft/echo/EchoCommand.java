package dev.weft.echo;

import static picocli.CommandLine.Option.NULL_VALUE;

import dev.weft.Async;
import dev.weft.websocket.WebSocketOptions;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
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
            "       weft echo --serve [--host HOST] [--port PORT]"
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
            Async.run(() -> EchoServer.serveUntilStopped(address, number, options, out));
        } else if (server != null) {
            URI target = parse(server);
            Async.run(() -> EchoClient.sendAll(target, messages, options, out));
        } else {
            Async.run(() -> {
                try (var echo = EchoServer.open(LOOPBACK, 0, options)) {
                    EchoClient.sendAll(URI.create(echo.url()), messages, options, out);
                }
            });
        }
        return ExitCode.OK;
    }

    private void check() {
        if (maxMessageBytes < 1) {
            throw wrong("--max-message-bytes must be 1 or more, was " + maxMessageBytes);
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
