package dev.weft;

import java.lang.StackWalker.StackFrame;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Debug mode: finds who awaits while holding a monitor, so that every other thread which wants it
 * waits until the task goes on, and says so once for each place. Needs what loop mode needs.
 */
final class HeldMonitors {
    private static final Logger LOG = LoggerFactory.getLogger(HeldMonitors.class);
    private static final int MAX_PLACES = 1000;
    private static final Set<StackTraceElement> SAID = ConcurrentHashMap.newKeySet();

    private static final @Nullable StackWalker WALKER;
    private static final @Nullable MethodHandle MONITORS; // (StackFrame)Object[]

    static {
        StackWalker walker = null;
        MethodHandle monitors = null;
        if (VirtualThreads.available()) {
            try {
                Class<?> live = Class.forName("java.lang.LiveStackFrame");
                MethodHandles.Lookup lookup =
                        MethodHandles.privateLookupIn(live, MethodHandles.lookup());
                walker =
                        (StackWalker)
                                lookup.findStatic(
                                                live,
                                                "getStackWalker",
                                                MethodType.methodType(StackWalker.class))
                                        .invoke();
                monitors =
                        lookup.findVirtual(
                                        live, "getMonitors", MethodType.methodType(Object[].class))
                                .asType(MethodType.methodType(Object[].class, StackFrame.class));
            } catch (Throwable e) {
                LOG.debug("monitors held across an await cannot be found in this JDK", e);
                walker = null;
            }
        }
        WALKER = walker;
        MONITORS = monitors;
    }

    private HeldMonitors() {}

    /** Reports the innermost monitor that the current task holds, if any. */
    static void reportAny(TaskImpl<?> task) {
        StackWalker walker = WALKER;
        if (walker == null) {
            return;
        }
        walker.walk(frames -> frames.filter(HeldMonitors::holds).findFirst())
                .map(StackFrame::toStackTraceElement)
                .filter(place -> SAID.size() < MAX_PLACES && SAID.add(place))
                .ifPresent(place ->
                        LOG.warn(
                                "{} awaits while it holds a monitor, taken at {}: whoever else wants"
                                        + " it waits until the task goes on; keep a Lock instead",
                                task.name(),
                                place));
    }

    private static boolean holds(StackFrame frame) {
        MethodHandle monitors = MONITORS;
        try {
            return monitors != null && ((Object[]) monitors.invokeExact(frame)).length > 0;
        } catch (Throwable e) {
            return false;
        }
    }
}
