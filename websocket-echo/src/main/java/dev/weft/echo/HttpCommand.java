package dev.weft.echo;

import static picocli.CommandLine.Option.NULL_VALUE;

import dev.weft.Async;
import dev.weft.call.CallPlan;
import dev.weft.call.CallStatus;
import dev.weft.call.HttpCall;
import dev.weft.call.Terminal;
import dev.weft.call.Words;
import dev.weft.http.EnvironmentProxies;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpVersion;
import dev.weft.net.ClientTls;
import dev.weft.net.TlsTrust;
import java.io.Console;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExitCodeExceptionMapper;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** One HTTP call, in the manner of HTTPie. */
@Command(
        name = "http",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        description =
                "Makes an HTTP call and prints the response: on a terminal "
                        + "with its headers, and JSON laid out, in colours; else the "
                        + "body alone, as it comes.",
        customSynopsis = {
            "weft http [OPTIONS] [METHOD] URL [ITEM...]",
            "",
            "  METHOD  GET by default, or POST if there is data",
            "  URL     http:// and localhost may be left out: example.org/a, :8080/a",
            "  ITEM    Name:Value       a header",
            "          name==value      a parameter of the URL's query",
            "          name=value       a text in a JSON object; with --form a field",
            "          name:=json       any other JSON value in it: n:=1, list:='[1, 2]'",
            "          name@FILE        with --form a file to upload",
            "          name=@FILE, name:=@FILE   the value stands in a file",
            "          @FILE            the body; @- is standard input",
            "  Without data, what a pipe or < brings on standard input is the body,",
            "  unless METHOD has none. A backslash before : = @ makes it a part of",
            "  the name.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:there was a response, whatever its status",
            "1:it failed otherwise: a file, standard output",
            "2:it was called wrongly",
            "3:the host was not found, or there was no connection",
            "4:TLS failed: such as a certificate that is not trusted",
            "5:a time limit was exceeded",
            "6:the response broke off or was no HTTP, or there were too many redirects",
            "22:--check-status or --output, and the status was 400 or more",
            "130:it was interrupted (Ctrl-C)",
            "141:nobody reads its output any more"
        })
final class HttpCommand implements Callable<Integer>, IExitCodeExceptionMapper {
    private static final Duration LONGEST = Duration.ofDays(7);

    @Spec private CommandSpec spec;

    @Option(
            names = {"--form", "-f"},
            description = "Fields become a form, with a file a multipart one.")
    private boolean form;

    @Option(
            names = {"--auth", "-a"},
            paramLabel = "USER:PASSWORD",
            defaultValue = NULL_VALUE,
            description = "Basic authentication. Without :PASSWORD it is asked for.")
    private @Nullable String auth;

    @Option(
            names = "--bearer",
            paramLabel = "TOKEN",
            defaultValue = NULL_VALUE,
            description = "Authentication by a token.")
    private @Nullable String bearer;

    @Option(
            names = {"--follow", "-F"},
            negatable = true,
            description = "Follow redirects, up to 10. Default: no")
    private boolean follow;

    @Option(
            names = "--check-status",
            description = "A status of 400 or more is a failure: exit status 22.")
    private boolean checkStatus;

    @Option(
            names = {"--output", "-o"},
            paramLabel = "FILE",
            defaultValue = NULL_VALUE,
            description =
                    "Save the body. The file is replaced once all has come; what "
                            + "is answered with a status of 400 or more is not saved.")
    private @Nullable Path output;

    @Option(
            names = {"--continue", "-c"},
            description =
                    "With --output: add what the file lacks. It is kept when "
                            + "interrupted. Whether the server still has the same is not "
                            + "checked.")
    private boolean continues;

    @Option(
            names = {"--include", "-i"},
            description = "Print status and headers in a pipe, too.")
    private boolean include;

    @Option(
            names = {"--verbose", "-v"},
            description =
                    "Tell on standard error what is sent and received, where to, "
                            + "and how long each phase takes.")
    private boolean verbose;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = NULL_VALUE,
            description =
                    "How long all may take. Default: 10 s to connect, 60 s until "
                            + "the response begins and between its parts.")
    private @Nullable Double timeout;

    @Option(names = "--http1", description = "Speak HTTP/1.1 only.")
    private boolean http1;

    @Option(
            names = "--http2",
            description = "Speak HTTP/2 only, also without TLS (prior knowledge).")
    private boolean http2;

    @Option(
            names = "--proxy",
            paramLabel = "URL",
            defaultValue = NULL_VALUE,
            description =
                    "http://, socks5:// or socks4://HOST:PORT. Default: what "
                            + "http_proxy, https_proxy, all_proxy and no_proxy say")
    private @Nullable String proxy;

    @Option(
            names = "--trust",
            paramLabel = "KEY|FILE",
            defaultValue = NULL_VALUE,
            description =
                    "Whom to trust with https: the server's key (sha256/...), or "
                            + "a file of certificates in PEM. Default: what Java trusts")
    private @Nullable String trust;

    @Option(
            names = "--insecure",
            description =
                    "Go on although the server's certificate is refused; a line "
                            + "on standard error says why it was, and the key to --trust "
                            + "instead.")
    private boolean insecure;

    @Option(names = "--ignore-stdin", description = "Standard input is no body.")
    private boolean ignoreInput;

    @SuppressWarnings("UnusedVariable") // Problems looks for it among the arguments
    @Option(names = "--debug", description = "Print stack traces of failures.")
    private boolean debug;

    @Parameters(
            paramLabel = "[METHOD] URL [ITEM]",
            arity = "1..*",
            hideParamSyntax = true,
            description = "See above.")
    private List<String> words = List.of();

    @Override
    public Integer call() {
        HttpCall call;
        try {
            check();
            CallPlan plan =
                    new CallPlan(
                            Words.parse(words),
                            options(),
                            authorization(),
                            output,
                            new CallPlan.Flags(
                                    form,
                                    ignoreInput,
                                    continues,
                                    verbose,
                                    include,
                                    checkStatus,
                                    insecure));
            call = new HttpCall(plan, Terminal.detect(), spec.commandLine().getErr());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
        return Async.run(call::run);
    }

    @Override
    public int getExitCode(Throwable failure) {
        return CallStatus.of(failure);
    }

    private void check() {
        exclude(http1, "--http1", http2, "--http2");
        exclude(auth != null, "--auth", bearer != null, "--bearer");
        exclude(insecure, "--insecure", follow, "--follow");
        exclude(insecure, "--insecure", trust != null, "--trust");
        if (continues && output == null) {
            throw new IllegalArgumentException("--continue is for --output only");
        }
        Double seconds = timeout;
        if (seconds != null && !(seconds > 0 && seconds <= LONGEST.toSeconds())) {
            throw new IllegalArgumentException(
                    "--timeout must be more than 0, and 604800 at most, was " + seconds);
        }
    }

    private static void exclude(boolean one, String first, boolean other, String second) {
        if (one && other) {
            throw new IllegalArgumentException(first + " and " + second + " exclude each other");
        }
    }

    private HttpOptions options() {
        String version = Main.class.getPackage().getImplementationVersion();
        HttpOptions options =
                limited(HttpOptions.defaults())
                        .userAgent("weft/" + (version == null ? "development" : version))
                        .followRedirects(follow)
                        .decompress(!continues)
                        .proxies(proxies());
        if (http1 || http2) {
            options = options.versions(http1 ? HttpVersion.HTTP_1_1 : HttpVersion.HTTP_2);
        }
        String whom = trust;
        if (whom == null) {
            return options;
        }
        TlsTrust trusted =
                whom.startsWith("sha256/") ? TlsTrust.keys(whom) : TlsTrust.pem(Path.of(whom));
        return options.tls(options.tls().trust(trusted));
    }

    /** Who names a limit wants it for all phases, but nothing is gained by connecting longer. */
    private HttpOptions limited(HttpOptions options) {
        Double seconds = timeout;
        if (seconds == null) {
            return options.timeout(LONGEST);
        }
        Duration limit = Duration.ofNanos(Math.max(1, (long) (seconds * 1e9)));
        ClientTls tls = options.tls();
        return options.timeout(limit)
                .responseTimeout(limit)
                .readIdleTimeout(limit)
                .connectTimeout(shorter(limit, options.connectTimeout()))
                .tls(tls.handshakeTimeout(shorter(limit, tls.handshakeTimeout())));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private EnvironmentProxies proxies() {
        String url = proxy;
        if (url == null) {
            return EnvironmentProxies.get();
        }
        try {
            return EnvironmentProxies.of(Map.of("all_proxy", url));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    String.valueOf(e.getMessage()).replace("all_proxy", "--proxy"), e);
        }
    }

    /** What the header says. */
    private @Nullable String authorization() {
        HttpRequest any = HttpRequest.get("http://localhost/");
        if (bearer != null) {
            any = any.bearer(bearer);
        }
        String given = auth;
        if (given != null) {
            int colon = given.indexOf(':');
            any =
                    colon < 0
                            ? any.basicAuth(given, asked(given))
                            : any.basicAuth(given.substring(0, colon), given.substring(colon + 1));
        }
        return any.headers().first("Authorization");
    }

    @SuppressWarnings("SystemConsoleNull") // in JDK 25 it is again, without a terminal
    private static String asked(String user) {
        Console console = System.console();
        char[] password =
                console == null || !console.isTerminal()
                        ? null
                        : console.readPassword("Password of %s: ", user);
        if (password == null) {
            throw new IllegalArgumentException("--auth must be USER:PASSWORD, was " + user);
        }
        return new String(password);
    }
}
