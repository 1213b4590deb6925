package dev.weft;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Several loops, for programs that use more than one core; a task lives on one of them. */
public final class LoopGroup implements AutoCloseable {
    private final List<Loop> loops;
    private final AtomicInteger turn = new AtomicInteger();

    private LoopGroup(List<Loop> loops) {
        this.loops = List.copyOf(loops);
    }

    /**
     * Opens one loop for each core, with the default options.
     *
     * @return an open group
     */
    public static LoopGroup open() {
        return open(Runtime.getRuntime().availableProcessors(), LoopOptions.defaults());
    }

    /**
     * Opens loops.
     *
     * @param count how many, 1 or more
     * @param options how to make each; a name given gets a number
     * @return an open group
     * @throws IllegalStateException as {@link Loop#open(LoopOptions)}; loops opened before the
     *     failure are closed again
     */
    public static LoopGroup open(int count, LoopOptions options) {
        Checks.atLeast(count, 1, "count");
        Checks.notNull(options, "options");
        List<Loop> loops = new ArrayList<>(count);
        try {
            String name = options.name();
            for (int i = 1; i <= count; i++) {
                loops.add(Loop.open(name == null ? options : options.name(name + "-" + i)));
            }
            return new LoopGroup(loops);
        } catch (Throwable e) {
            closeAll(loops, e);
            throw e;
        }
    }

    private static void closeAll(List<Loop> loops, @Nullable Throwable cause) {
        RuntimeException refused = null;
        for (Loop loop : loops) {
            try {
                loop.close();
            } catch (RuntimeException e) {
                if (cause != null) {
                    cause.addSuppressed(e);
                }
                refused = e;
            }
        }
        if (cause == null && refused != null) {
            throw refused;
        }
    }

    /**
     * The loops.
     *
     * @return all of them, in order; unmodifiable
     */
    public List<Loop> loops() {
        return loops;
    }

    /**
     * One of the loops, each in turn; from any thread.
     *
     * @return the next loop
     */
    public Loop next() {
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    /**
     * Closes all loops, one after the other; see {@link Loop#close}.
     *
     * @throws IllegalStateException if the caller runs on one of them, once the others are closed
     */
    @Override
    public void close() {
        closeAll(loops, null);
    }
}
