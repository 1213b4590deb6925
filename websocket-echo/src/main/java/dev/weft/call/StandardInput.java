package dev.weft.call;

import dev.weft.Async;
import dev.weft.DeadlineExceededException;
import dev.weft.Handle;
import dev.weft.Loop;
import dev.weft.http.HttpBody;
import dev.weft.http.HttpSink;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The body that comes through standard input: one that ends soon is sent with its length, and may
 * be sent twice; a longer one is sent as it comes, and never stands in memory.
 */
final class StandardInput {
    private static final int PIECE = 64 * 1024;
    private static final int SHORT = 1024 * 1024;
    private static final Duration HINT = Duration.ofSeconds(2);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** A channel's, as that can be interrupted while it waits. */
    @SuppressWarnings("resource") // the process's
    private final FileChannel in = new FileInputStream(FileDescriptor.in).getChannel();

    private final PrintWriter err;

    StandardInput(PrintWriter err) {
        this.err = err;
    }

    /** Null if it has ended before it began. Suspends. */
    @Nullable HttpBody body() {
        byte[] first = first();
        if (first.length == 0) {
            return null;
        }
        ByteArrayOutputStream begun = new ByteArrayOutputStream();
        byte[] part = first;
        while (part.length > 0 && begun.size() < SHORT) {
            begun.writeBytes(part);
            part = read();
        }
        byte[] last = part;
        String type = typeOf(first);
        if (last.length == 0) {
            return HttpBody.of(begun.toByteArray()).type(type);
        }
        begun.writeBytes(last);
        byte[] beginning = begun.toByteArray();
        return HttpBody.stream(sink -> copy(beginning, sink)).type(type);
    }

    private void copy(byte[] beginning, HttpSink sink) {
        for (byte[] part = beginning; part.length > 0; part = read()) {
            sink.write(part);
        }
    }

    /** JSON is what most send by hand. */
    private static String typeOf(byte[] first) {
        for (byte b : first) {
            if (b == '{' || b == '[') {
                return "application/json";
            }
            if (b != ' ' && b != '\t' && b != '\n' && b != '\r') {
                break;
            }
        }
        return "application/octet-stream";
    }

    /** Nobody may know that something is expected there. */
    private byte[] first() {
        Handle hint =
                Loop.current()
                        .callLater(
                                HINT,
                                () -> {
                                    err.println(
                                            "weft http: waiting for the body on standard input"
                                                    + " (--ignore-stdin to send none)");
                                    err.flush();
                                });
        try {
            return Async.timeout(LIMIT, this::read);
        } catch (DeadlineExceededException e) {
            throw new CallFailedException(
                    CallStatus.TIMED_OUT,
                    "nothing has come on standard input for "
                            + LIMIT.toSeconds()
                            + " s: use --ignore-stdin to send no body");
        } finally {
            hint.cancel();
        }
    }

    /** Empty at the end. */
    private byte[] read() {
        return Async.offload(() -> {
            ByteBuffer piece = ByteBuffer.allocate(PIECE);
            int n = in.read(piece);
            byte[] part = new byte[Math.max(0, n)];
            piece.flip().get(part);
            return part;
        });
    }
}
