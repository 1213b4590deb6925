package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.timeout;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.Trait.ENDS_EACH_DIRECTION_ALONE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Action;
import dev.weft.DeadlineExceededException;
import dev.weft.Task;
import dev.weft.Transport;
import dev.weft.testkit.AsyncTest;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CancellationException;

/**
 * Both directions of a stream at once, each with a writer and a reader that choose at random what
 * they do, and now and then give up half-way. The model is the list of all that was written: each
 * read must give what the model says comes next, and the end must come after all of it.
 *
 * <p>The seed of a run stands in its failures; {@code -Dweft.seed} runs that one alone.
 */
class ByteStreamModelTest {
    private static final int SEEDS = Boolean.getBoolean("weft.long") ? 200 : 6;
    private static final int LENGTH = 120_000;
    private static final byte[][] SEPARATORS = {{'\r', '\n'}, {'a', 'a'}, {'b', '\n', 'a'}};

    @StreamTest(seconds = 120)
    void eachReadGivesWhatTheModelSays(Wire on) throws Exception {
        Long one = Long.getLong("weft.seed");
        for (long seed = one != null ? one : 1; seed <= (one != null ? one : SEEDS); seed++) {
            run(on, seed);
        }
    }

    /** The same with the loop's own order at random, too. */
    @AsyncTest(
            virtual = true,
            seeds = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void whateverOrderTheLoopChooses() throws Exception {
        Wire memory = new Wire(Wire.Medium.MEMORY, Transport.NONE);
        for (long seed = 1; seed <= 3; seed++) {
            run(memory, seed);
        }
    }

    private static void run(Wire on, long seed) throws Exception {
        try {
            on.connected((here, there) -> {
                Direction forth = new Direction(here, there, new Random(seed));
                Direction back = new Direction(there, here, new Random(-seed));
                if (!on.has(ENDS_EACH_DIRECTION_ALONE)) {
                    // Whoever has read all may not be able to write on.
                    back.length = 0;
                }
                for (Task<?> task :
                        new Task<?>[] {
                            async(back::write),
                            async(forth::write),
                            async(back::read),
                            async(forth::read)
                        }) {
                    await(task);
                }
            });
        } catch (Throwable e) {
            throw new AssertionError(on + " failed with seed " + seed + ": " + e.getMessage(), e);
        }
    }

    private static final class Direction {
        private final ByteStream from;
        private final ByteStream to;
        private final Random random;
        private int length = LENGTH;

        /** All that was written so far: the model. */
        private final ByteArrayOutputStream written = new ByteArrayOutputStream();

        private int read;

        Direction(ByteStream from, ByteStream to, Random random) {
            this.from = from;
            this.to = to;
            this.random = random;
        }

        // ---- writing

        void write() throws Exception {
            if (length == 0) {
                return;
            }
            while (written.size() < length) {
                byte[] bytes = something();
                // Accepted as soon as the call is made, whether or not it is waited for.
                written.writeBytes(bytes);
                switch (random.nextInt(5)) {
                    case 0 -> from.write(new String(bytes, UTF_8));
                    case 1 -> from.write(ByteBuffer.wrap(bytes));
                    case 2 -> {
                        int cut = random.nextInt(bytes.length + 1);
                        from.write(
                                ByteBuffer.wrap(bytes, 0, cut),
                                ByteBuffer.wrap(bytes, cut, bytes.length - cut));
                    }
                    case 3 -> inTime(() -> from.write(bytes));
                    default -> from.outputStream().write(bytes);
                }
                if (random.nextInt(8) == 0) {
                    inTime(from::flush);
                }
                pause();
            }
            from.shutdownOutput();
        }

        private byte[] something() {
            int most = random.nextInt(10) == 0 ? 40_000 : 300;
            byte[] bytes = new byte[random.nextInt(most)];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) "ab\r\n".charAt(random.nextInt(4));
            }
            return bytes;
        }

        private void inTime(Action call) throws Exception {
            try {
                timeout(Duration.ofMillis(1), call);
            } catch (DeadlineExceededException e) {
                // that was to be seen
            }
        }

        private void pause() {
            for (int n = random.nextInt(4); n > 0; n--) {
                yieldNow();
            }
        }

        // ---- reading

        void read() {
            for (boolean more = true; more; ) {
                pause();
                Task<Boolean> call = async(this::readOnce);
                if (random.nextInt(6) == 0) {
                    pause();
                    call.cancel();
                }
                try {
                    more = await(call);
                } catch (CancellationException e) {
                    // it has taken nothing, or the next read finds something else
                }
            }
            if (length > 0) {
                assertThat(read).as("read until the end").isEqualTo(written.size());
            }
        }

        /** False at the end. */
        private boolean readOnce() throws Exception {
            try {
                return switch (random.nextInt(8)) {
                    case 0 -> came(to.read());
                    case 1 -> came(to.read(1 + random.nextInt(100)));
                    case 2 -> {
                        ByteView view = to.readView();
                        yield came(view == null ? null : view.toByteArray());
                    }
                    case 3 -> came(to.readExactly(1 + random.nextInt(500)));
                    case 4 -> cameUntil(to.readUntil(LENGTH, SEPARATORS));
                    case 5 -> cameAsLine(to.readLine());
                    case 6 -> {
                        byte[] room = new byte[1 + random.nextInt(500)];
                        int n = to.inputStream().read(room);
                        yield came(n < 0 ? null : Arrays.copyOf(room, n));
                    }
                    default -> tooMuch();
                };
            } catch (EndOfStreamException e) {
                came(e.partial());
                return true; // the next read says so again
            }
        }

        private boolean came(byte[] bytes) {
            if (bytes == null || bytes.length == 0) {
                return false;
            }
            byte[] expected = Arrays.copyOfRange(written.toByteArray(), read, read + bytes.length);
            assertThat(bytes).as("what was read at %s", read).isEqualTo(expected);
            read += bytes.length;
            return true;
        }

        private boolean cameUntil(byte[] bytes) {
            boolean more = came(bytes);
            String text = new String(bytes, UTF_8);
            String before = text.substring(0, text.length() - 1);
            assertThat(Arrays.stream(SEPARATORS).map(String::new).filter(text::endsWith))
                    .isNotEmpty();
            assertThat(Arrays.stream(SEPARATORS).map(String::new).filter(before::contains))
                    .isEmpty();
            return more;
        }

        private boolean cameAsLine(String line) {
            if (line == null) {
                return false;
            }
            String rest = written.toString(UTF_8).substring(read);
            assertThat(rest).startsWith(line);
            assertThat(line).doesNotContain("\n");
            String end = rest.substring(line.length());
            String lineEnd = end.startsWith("\r\n") ? "\r\n" : end.startsWith("\n") ? "\n" : "";
            return came((line + lineEnd).getBytes(UTF_8));
        }

        /** What exceeds its limit stays. */
        private boolean tooMuch() {
            try {
                return came(to.readUntil(3, new byte[] {'a'}));
            } catch (LimitExceededException e) {
                return true;
            }
        }
    }
}
