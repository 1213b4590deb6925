package dev.weft.call;

import dev.weft.http.HttpProtocolException;
import dev.weft.http.TooManyRedirectsException;
import dev.weft.net.BrokenConnectionException;
import dev.weft.net.ConnectFailedException;
import dev.weft.net.ConnectRefusedException;
import dev.weft.net.HostNotFoundException;
import dev.weft.net.InvalidKeyMaterialException;
import dev.weft.net.LimitExceededException;
import dev.weft.net.TimedOutException;
import dev.weft.net.TlsException;

/** The exit status that tells a script what went wrong. */
public final class CallStatus {
    static final int FAILED = 1;
    static final int NOT_CONNECTED = 3;
    static final int TLS = 4;
    static final int TIMED_OUT = 5;
    static final int BROKEN = 6;

    /** The server's answer was an error, and {@code --check-status} was given; as curl has it. */
    static final int BAD_STATUS = 22;

    private CallStatus() {}

    /**
     * What a failure is told by.
     *
     * @param failure what a call threw
     * @return 1 if it is none of those that have a status of their own
     */
    public static int of(Throwable failure) {
        return switch (failure) {
            case CallFailedException e -> e.status();
            case HostNotFoundException _,
                    ConnectRefusedException _,
                    ConnectFailedException _ -> // a proxy's, too
                    NOT_CONNECTED;
            case TlsException _, InvalidKeyMaterialException _ -> TLS;
            case TimedOutException _ -> TIMED_OUT;
            case HttpProtocolException _,
                    BrokenConnectionException _,
                    TooManyRedirectsException _,
                    LimitExceededException _ ->
                    BROKEN;
            default -> FAILED;
        };
    }
}
