package dev.weft.benchmarks;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The callers of one load, and their closed loop: each makes its next call when the response of the
 * last is complete, until the time of the slot is over. What they cost is part of what is measured,
 * and is the same for all clients: one reading of the clock and one count per call.
 */
final class Calls {
    private final int bytes;
    private final List<Caller> callers;
    private final Latencies latencies = Latencies.ofManyThreads();
    private final AtomicInteger busy = new AtomicInteger();

    // Written before the callers are started.
    private volatile CompletableFuture<String> slot = new CompletableFuture<>();
    private volatile long started;
    private volatile long deadline;

    Calls(HttpLoad load) {
        bytes = load.bytes();
        callers = Stream.generate(Caller::new).limit(load.calls()).toList();
    }

    /** Makes one call at a time. Used by one thread at a time. */
    final class Caller {
        private long sent;

        /** Notes a response; whether to make another call, now. */
        boolean received(int status, long length) {
            if (status != 200 || length != bytes) {
                failed(
                        new IOException(
                                "expected status 200 and %d bytes, got %d and %d"
                                        .formatted(bytes, status, length)));
                return false;
            }
            long now = System.nanoTime();
            latencies.record(now - sent);
            sent = now;
            if (now - deadline < 0) {
                return true;
            }
            if (busy.decrementAndGet() == 0) {
                slot.complete(latencies.line(now - started));
            }
            return false;
        }

        /** Notes a call that failed; the slot fails, too. */
        void failed(Throwable cause) {
            slot.completeExceptionally(cause);
        }
    }

    /** Runs one slot, and returns its line. */
    String run(HttpPeer peer, long millis)
            throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<String> done = new CompletableFuture<>();
        latencies.reset();
        slot = done;
        busy.set(callers.size());
        started = System.nanoTime();
        deadline = started + TimeUnit.MILLISECONDS.toNanos(millis);
        callers.forEach(caller -> caller.sent = started);
        peer.start(callers);
        return done.get(millis + 20_000, TimeUnit.MILLISECONDS);
    }
}
