package dev.weft.net.internal;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.DecoderResultProvider;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.socksx.v4.Socks4CommandResponse;
import io.netty.handler.codec.socksx.v4.Socks4CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5AuthMethod;
import io.netty.handler.codec.socksx.v5.Socks5CommandResponse;
import io.netty.handler.codec.socksx.v5.Socks5CommandStatus;
import io.netty.handler.codec.socksx.v5.Socks5InitialResponse;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthResponse;
import io.netty.handler.codec.socksx.v5.Socks5PasswordAuthStatus;
import io.netty.handler.proxy.ProxyConnectException;
import org.jspecify.annotations.Nullable;

/** Why a proxy does not connect, in words; its message ends a sentence. */
public final class ProxyRefusal extends ProxyConnectException {
    private static final long serialVersionUID = 1L;

    /** There was no such answer. */
    static final int NO_CODE = -1;

    private static final int LONGEST_REASON = 100;

    private final int code;

    ProxyRefusal(int code, String message) {
        super(message);
        this.code = code;
    }

    /**
     * What the proxy answered.
     *
     * @return a status or reply, or -1
     */
    public int code() {
        return code;
    }

    /**
     * Looks at an answer.
     *
     * @param message what a codec made of it
     * @param credentials whether there are any to be shown
     * @return null if it is no refusal
     */
    static @Nullable ProxyRefusal of(Object message, boolean credentials) {
        if (message instanceof DecoderResultProvider p && p.decoderResult().isFailure()) {
            return noProxy(p.decoderResult());
        }
        return switch (message) {
            case HttpResponse r -> http(r.status().code(), r.status().reasonPhrase(), credentials);
            case Socks5InitialResponse r -> method(r.authMethod(), credentials);
            case Socks5PasswordAuthResponse r ->
                    r.status() == Socks5PasswordAuthStatus.SUCCESS
                            ? null
                            : new ProxyRefusal(
                                    r.status().byteValue() & 0xff,
                                    "it does not accept this user and password");
            case Socks5CommandResponse r -> socks5(r.status());
            case Socks4CommandResponse r -> socks4(r.status());
            default -> null;
        };
    }

    private static ProxyRefusal noProxy(DecoderResult result) {
        return new ProxyRefusal(
                NO_CODE,
                "its answer is none of that protocol (%s): is this the proxy's port, and its kind?"
                        .formatted(printable(String.valueOf(result.cause().getMessage()))));
    }

    private static @Nullable ProxyRefusal http(int status, String reason, boolean credentials) {
        if (status == 200 || status / 100 == 1 && status != 101) {
            return null;
        }
        String why =
                switch (status) {
                    case 403 -> ": it forbids this destination";
                    case 401, 407 -> // tinyproxy answers 401 to a wrong password
                            credentials
                                    ? ": it does not accept this user and password by Basic"
                                            + " authentication"
                                    : ": it wants a user and password: give Proxy.credentials";
                    case 502, 503 -> ": it cannot reach the destination";
                    case 504 -> ": the destination did not answer it in time";
                    default -> "";
                };
        return new ProxyRefusal(status, "it answered " + status + " " + printable(reason) + why);
    }

    private static @Nullable ProxyRefusal method(Socks5AuthMethod method, boolean credentials) {
        if (method.equals(Socks5AuthMethod.NO_AUTH)
                || credentials && method.equals(Socks5AuthMethod.PASSWORD)) {
            return null;
        }
        String why =
                method.equals(Socks5AuthMethod.UNACCEPTED)
                        ? credentials
                                ? "it accepts neither a user with a password nor none"
                                : "it accepts nobody without authentication: give"
                                        + " Proxy.credentials"
                        : "it chose an authentication that it was not offered";
        return new ProxyRefusal(method.byteValue() & 0xff, why);
    }

    private static @Nullable ProxyRefusal socks5(Socks5CommandStatus status) {
        int reply = status.byteValue() & 0xff;
        String why =
                switch (reply) {
                    case 0 -> null;
                    case 1 -> "it failed";
                    case 2 -> "its rules do not allow this connection";
                    case 3 -> "it cannot reach the destination's network";
                    case 4 -> "it cannot reach the host, or does not know the name";
                    case 5 -> "nobody listens there";
                    case 6 -> "the packet's time to live expired on the way";
                    case 7 -> "it does not support connecting";
                    case 8 -> "it does not support this type of address";
                    default -> "for a reason without a name";
                };
        return why == null
                ? null
                : new ProxyRefusal(reply, "it answered %d: %s".formatted(reply, why));
    }

    private static @Nullable ProxyRefusal socks4(Socks4CommandStatus status) {
        int reply = status.byteValue() & 0xff;
        String why =
                switch (reply) {
                    case 90 -> null;
                    case 91 -> "it rejects this, or cannot connect";
                    case 92 -> "it finds no identd on this machine";
                    case 93 -> "identd on this machine names another user";
                    default -> "for a reason without a name";
                };
        return why == null
                ? null
                : new ProxyRefusal(reply, "it answered %d: %s".formatted(reply, why));
    }

    /** Of what a stranger sent, no more than fits a line. */
    private static String printable(String text) {
        String line = text.replaceAll("[^\\x20-\\x7e]", "?");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "...";
    }
}
