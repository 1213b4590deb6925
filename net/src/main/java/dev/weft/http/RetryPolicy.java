package dev.weft.http;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/**
 * When a call that failed is made again: after a connection could not be opened or broke, and after
 * a response of a {@link #statuses status} that tells of a passing trouble. Only requests that may
 * be sent twice are ({@link HttpRequest#isIdempotent}), with a body that can be sent again.
 *
 * <p>Between two attempts there is a pause: as long as the response says (Retry-After), else about
 * {@link #backoff} times 1, 2, 4 and so on, of which a random half is left out, so that clients do
 * not come back all at once. Either is at most {@link #maxBackoff}: a server that wants more is not
 * asked again.
 *
 * <p>Apart from this policy a request that surely did not reach the server's application is sent
 * anew at once, and one that met a connection that the server had just closed, once.
 *
 * @param attempts how many calls to make at most, the first one included; 1 or more
 * @param backoff the first pause, 0 or more
 * @param maxBackoff the longest pause, 0 or more
 * @param statuses of the responses after which to try again
 */
public record RetryPolicy(
        int attempts, Duration backoff, Duration maxBackoff, Set<Integer> statuses) {
    private static final RetryPolicy NONE =
            new RetryPolicy(1, Duration.ZERO, Duration.ZERO, Set.of());

    /** Checks and copies. */
    public RetryPolicy {
        if (attempts < 1) {
            throw new IllegalArgumentException("attempts must be >= 1, was " + attempts);
        }
        requireNotNegative(backoff, "backoff");
        requireNotNegative(maxBackoff, "maxBackoff");
        statuses = Set.copyOf(statuses);
        for (int status : statuses) {
            if (status < 300 || status > 999) {
                throw new IllegalArgumentException("statuses must be 300 to 999, had " + status);
            }
        }
    }

    private static void requireNotNegative(Duration value, String name) {
        Objects.requireNonNull(value, name + " must not be null");
        if (value.isNegative()) {
            throw new IllegalArgumentException(name + " must be >= 0, was " + value);
        }
    }

    /**
     * The default: nothing is tried again.
     *
     * @return a policy of one attempt
     */
    public static RetryPolicy none() {
        return NONE;
    }

    /**
     * A usual policy: pauses of about 100 ms times 1, 2, 4 and so on, up to 10 s, also after
     * responses of 408, 429, 502, 503 and 504.
     *
     * @param attempts how many calls to make at most, the first one included; 1 or more
     * @return a policy
     */
    public static RetryPolicy of(int attempts) {
        return new RetryPolicy(
                attempts,
                Duration.ofMillis(100),
                Duration.ofSeconds(10),
                Set.of(408, 429, 502, 503, 504));
    }
}
