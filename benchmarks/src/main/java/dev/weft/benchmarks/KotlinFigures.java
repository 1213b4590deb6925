package dev.weft.benchmarks;

import dev.weft.benchmarks.TaskProgram.Effort;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The same figures of Kotlin's coroutines on one thread. */
final class KotlinFigures {
    private KotlinFigures() {}

    static double measure(Figure figure, Effort effort) throws Exception {
        if (figure == Figure.SUSPENDED) {
            return KotlinTasks.bytesOfSuspended(effort.tasks(), TaskProgram::liveHeapBytes);
        }
        return TaskProgram.nanosPerOperation(effort, figure.clock(), batch(figure));
    }

    private static TaskProgram.Batch batch(Figure figure) {
        return switch (figure) {
            case START -> KotlinTasks::startAndAwait;
            case START_MANY -> KotlinTasks::startMany;
            case SWITCH -> KotlinTasks::switchCoroutines;
            case LOCK -> KotlinTasks::handLockOn;
            case QUEUE -> KotlinTasks::passItems;
            case TIMER -> KotlinTasks::startAndCancelTimers;
            case GATHER -> KotlinTasks::gather;
            case GROUP -> KotlinTasks::group;
            case WAKE -> KotlinTasks::wake;
            case OFFLOAD -> KotlinTasks::offload;
            case OFFLOAD_MANY -> KotlinTasks::offloadMany;
            case OFFLOAD_THREAD -> KotlinTasks::offloadToOneThread;
            case SUSPENDED, SLEEPING, WAKE_ALL -> throw new IllegalArgumentException("" + figure);
        };
    }

    static void startSleepers(Sleepers sleepers) {
        KotlinTasks.startSleepers(sleepers.count, sleepers::nanosLeft, sleepers::awoke);
    }

    /** The library's name and version, as its jar tells it. */
    static String version() {
        ClassLoader loader = KotlinFigures.class.getClassLoader();
        try (InputStream in =
                loader.getResourceAsStream("META-INF/kotlinx_coroutines_core.version")) {
            String version =
                    in == null ? "" : new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return ("kotlinx-coroutines " + version).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
