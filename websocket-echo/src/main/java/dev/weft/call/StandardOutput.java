package dev.weft.call;

import dev.weft.Async;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** Where the body goes: without a buffer, and off the loop, as a reader may be slow. */
final class StandardOutput {
    /** A channel's, as that can be interrupted while it waits. */
    @SuppressWarnings("resource") // the process's
    private final FileChannel out = new FileOutputStream(FileDescriptor.out).getChannel();

    /** Nobody reads what is written here. */
    static final class GoneException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        GoneException(UncheckedIOException cause) {
            super(cause);
        }
    }

    /** Suspends. */
    void write(byte[] bytes) {
        ByteBuffer left = ByteBuffer.wrap(bytes);
        try {
            Async.offload(() -> {
                while (left.hasRemaining()) {
                    out.write(left);
                }
            });
        } catch (UncheckedIOException e) {
            String why = String.valueOf(e.getMessage()).replaceFirst("^[\\w.]+Exception: ", "");
            if (why.contains("Broken pipe")) {
                throw new GoneException(e);
            }
            throw new CallFailedException(
                    CallStatus.FAILED, "cannot write to standard output: " + why, e);
        }
    }

    /** What has gathered, in the terminal's encoding. Suspends. */
    void write(StringBuilder text) {
        if (!text.isEmpty()) {
            String all = text.toString();
            text.setLength(0);
            write(all.getBytes(charset()));
        }
    }

    private static Charset charset() {
        String name = System.getProperty("stdout.encoding");
        return name != null && Charset.isSupported(name)
                ? Charset.forName(name)
                : StandardCharsets.UTF_8;
    }
}
