package dev.weft.websocket;

import dev.weft.Async;
import dev.weft.Promise;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The pings of one side that wait for their pongs. */
final class Pings {
    private record Ping(long id, long sentAt, Promise<@Nullable Duration> answered) {}

    // ---- guarded by this

    private final ArrayDeque<Ping> waiting = new ArrayDeque<>(0);
    private long last;

    /**
     * Sends one, and waits for its answer; suspends.
     *
     * @param send sends one with this number as its content
     * @return how long it took; null if the connection has gone
     */
    @Nullable Duration ping(LongConsumer send) {
        Ping ping;
        synchronized (this) {
            ping = new Ping(++last, System.nanoTime(), Promise.create());
            waiting.add(ping);
        }
        try {
            send.accept(ping.id);
            return Async.await(ping.answered);
        } finally {
            synchronized (this) {
                waiting.remove(ping);
            }
        }
    }

    /** A pong answers its ping and all before. */
    void ponged(ByteBuf content) {
        if (content.readableBytes() != Long.BYTES) {
            return;
        }
        long id = content.getLong(content.readerIndex());
        long now = System.nanoTime();
        synchronized (this) {
            if (waiting.stream().noneMatch(p -> p.id == id)) {
                return;
            }
            for (Ping ping; (ping = waiting.peek()) != null && ping.id <= id; ) {
                waiting.remove();
                ping.answered.tryComplete(Duration.ofNanos(now - ping.sentAt));
            }
        }
    }

    /** No pong will come. */
    void end() {
        List<Ping> unanswered;
        synchronized (this) {
            unanswered = List.copyOf(waiting);
        }
        for (Ping ping : unanswered) {
            ping.answered.tryComplete(null);
        }
    }
}
