package dev.weft.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The time that this process has spent on its cores, by {@code clock_gettime}: the JDK's own figure
 * is in ticks of 10 ms.
 */
final class CpuClock implements LongSupplier {
    private static final int CLOCK_PROCESS_CPUTIME_ID = 2; // on Linux

    private final MethodHandle clockGettime;
    private final MemorySegment timespec = Arena.global().allocate(16, 8);

    private CpuClock(MethodHandle clockGettime) {
        this.clockGettime = clockGettime;
    }

    /** That clock, or the wall's where there is none. */
    @SuppressWarnings("restricted") // the launcher and the children have native access
    static LongSupplier open() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return System::nanoTime;
        }
        Linker linker = Linker.nativeLinker();
        SymbolLookup symbols = linker.defaultLookup();
        MemoryLayout pointer = ValueLayout.ADDRESS;
        return new CpuClock(
                linker.downcallHandle(
                        symbols.findOrThrow("clock_gettime"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, pointer)));
    }

    @Override
    public long getAsLong() {
        try {
            int status = (int) clockGettime.invokeExact(CLOCK_PROCESS_CPUTIME_ID, timespec);
            if (status != 0) {
                throw new IllegalStateException("clock_gettime failed");
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
        return TimeUnit.SECONDS.toNanos(timespec.get(ValueLayout.JAVA_LONG, 0))
                + timespec.get(ValueLayout.JAVA_LONG, 8);
    }
}
