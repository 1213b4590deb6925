package dev.weft.call;

import dev.weft.call.Item.Kind;
import dev.weft.http.HttpBody;
import dev.weft.http.HttpClient;
import dev.weft.http.HttpOptions;
import dev.weft.http.HttpRequest;
import dev.weft.http.HttpResponse;
import dev.weft.net.TlsException;
import dev.weft.net.TlsTrust;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** One call, from the words that were typed to what is printed of the response. */
public final class HttpCall {
    private static final int OK = 0;

    /** As a shell says it: 128 + SIGPIPE. */
    private static final int NO_READER = 141;

    private final CallPlan plan;
    private final CallPlan.Flags flags;
    private final Terminal terminal;
    private final PrintWriter err;
    private final @Nullable HttpBody given;
    private final StandardOutput out = new StandardOutput();
    private final @Nullable PhaseLog log;

    /**
     * Prepares a call, and reads the files of its fields.
     *
     * @param plan what to do
     * @param terminal where it is printed
     * @param err for what is no body
     * @throws IllegalArgumentException if the plan does not make sense
     */
    public HttpCall(CallPlan plan, Terminal terminal, PrintWriter err) {
        this.plan = plan;
        this.terminal = terminal;
        this.err = err;
        flags = plan.flags();
        log = flags.verbose() ? new PhaseLog(err) : null;
        given = Bodies.of(plan.words(), flags.form());
        request(given); // what is wrong with it is told before anything is done
    }

    /**
     * Makes the call. Suspends.
     *
     * @return the exit status
     */
    public int run() {
        HttpBody body = given;
        if (body == null && mayReadInput()) {
            body = new StandardInput(err).body();
        }
        HttpRequest request = request(body);
        HttpOptions options = plan.client().listener(log);
        try {
            return call(request, options);
        } catch (TlsException e) {
            if (!flags.insecure() || e.certificates().isEmpty()) {
                throw e;
            }
            return callInsecurely(request, options, e);
        } catch (StandardOutput.GoneException e) {
            return NO_READER;
        }
    }

    /** As HTTPie does; but not where a method without a body was asked for. */
    private boolean mayReadInput() {
        if (Bodies.isStandardInput(plan.words())) {
            return true;
        }
        String method = plan.words().method();
        boolean bare =
                method != null
                        && switch (method) {
                            case "GET", "HEAD", "DELETE", "OPTIONS", "TRACE" -> true;
                            default -> false;
                        };
        return !flags.ignoreInput() && !terminal.in() && !bare;
    }

    private HttpRequest request(@Nullable HttpBody body) {
        Words words = plan.words();
        String named = words.method();
        String method = named != null ? named : body != null ? "POST" : "GET";
        HttpRequest request = HttpRequest.of(method, words.url());
        String authorization = plan.authorization();
        if (authorization != null) {
            request = request.header("Authorization", authorization);
        }
        for (Item item : words.items()) {
            if (item.kind() == Kind.QUERY) {
                request = request.query(item.name(), item.value());
            } else if (item.kind() == Kind.HEADER) {
                request = request.addHeader(item.name(), item.value());
            }
        }
        if (body != null) {
            request = request.body(body);
        }
        // What the client would add: so that --verbose can tell.
        boolean json = body != null && "application/json".equals(body.contentType());
        request = unlessThere(request, "User-Agent", plan.client().userAgent());
        request = unlessThere(request, "Accept", json ? "application/json, */*;q=0.5" : "*/*");
        return unlessThere(
                request,
                "Accept-Encoding",
                plan.client().decompress() ? "gzip, deflate" : "identity");
    }

    private static HttpRequest unlessThere(HttpRequest request, String name, String value) {
        return request.headers().contains(name) ? request : request.header(name, value);
    }

    // ---- the call

    private int call(HttpRequest request, HttpOptions options) {
        FileOutput file = fileOutput();
        HttpRequest prepared = file == null ? request : file.prepare(request);
        try (HttpClient client = HttpClient.open(options);
                HttpResponse response = client.send(prepared)) {
            if (log != null) {
                log.response(response);
            }
            if (file != null) {
                return save(response, file);
            }
            print(response);
            return flags.checkStatus() ? status(response, "") : OK;
        }
    }

    private @Nullable FileOutput fileOutput() {
        Path file = plan.output();
        return file == null
                ? null
                : new FileOutput(
                        file, flags.continues(), new FileOutput.Progress(err, terminal.err()));
    }

    private int save(HttpResponse response, FileOutput file) {
        if (file.isComplete(response)) {
            return OK;
        }
        int status = status(response, ": " + plan.output() + " was not written");
        if (status == OK) {
            file.save(response);
        }
        return status;
    }

    private void print(HttpResponse response) {
        ResponsePrinter printer = new ResponsePrinter(response, terminal.paint(), out);
        if (terminal.out() || flags.include()) {
            printer.printHead();
        }
        if (terminal.out()) {
            printer.printBody();
            return;
        }
        for (byte[] part; (part = response.read()) != null; ) {
            out.write(part);
        }
    }

    private int status(HttpResponse response, String so) {
        if (response.status() < 400) {
            return OK;
        }
        String line = "the server answered " + response.status() + " " + response.reason();
        err.println("weft http: " + Printable.of(line.stripTrailing()) + so);
        err.flush();
        return CallStatus.BAD_STATUS;
    }

    // ---- without trust

    /**
     * Takes the key that was shown for the right one, whoever shows it; nothing was sent so far.
     */
    private int callInsecurely(HttpRequest request, HttpOptions options, TlsException refused) {
        String pin = pin(refused);
        err.println(
                Printable.of(
                        "weft http: INSECURE, anybody may be at the other end: "
                                + refused.getMessage()
                                + "; going on, with the key "
                                + pin));
        err.flush();
        try {
            return call(request, options.tls(options.tls().trust(TlsTrust.keys(pin))));
        } catch (StandardOutput.GoneException e) {
            return NO_READER;
        }
    }

    private static String pin(TlsException refused) {
        byte[] key = refused.certificates().getFirst().getPublicKey().getEncoded();
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key);
            return "sha256/" + Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
