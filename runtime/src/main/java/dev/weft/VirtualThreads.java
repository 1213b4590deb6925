package dev.weft;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The one class that knows how to start a virtual thread on a scheduler of one's own.
 *
 * <p>JDK 25 has no public way. This reaches three package-private members of {@code java.lang} that
 * have been stable since JDK 21, which needs {@code --add-opens java.base/java.lang=ALL-UNNAMED};
 * when the JDK's own custom-scheduler API arrives, this class changes and no other. Without the
 * flag {@link #available} is false and {@link #unavailableBecause} says why.
 */
final class VirtualThreads {
    /** The flag that makes loop mode possible, as users have to write it. */
    static final String FLAG =
            "--add-opens java.base/java.lang="
                    + (VirtualThreads.class.getModule().isNamed()
                            ? VirtualThreads.class.getModule().getName()
                            : "ALL-UNNAMED");

    private static final @Nullable MethodHandle
            NEW_THREAD; // (Executor, String, int, Runnable)Thread
    private static final @Nullable MethodHandle CURRENT_CARRIER; // ()Thread
    private static final @Nullable Executor DEFAULT_SCHEDULER;
    private static final @Nullable String UNAVAILABLE_BECAUSE;
    private static final int NO_INHERIT_THREAD_LOCALS;

    static {
        MethodHandle newThread = null;
        MethodHandle currentCarrier = null;
        Executor defaultScheduler = null;
        String why = null;
        int noInherit = 0;
        Module self = VirtualThreads.class.getModule();
        if (!Object.class.getModule().isOpen("java.lang", self)) {
            why = "java.base does not open java.lang to Weft: add " + FLAG;
        } else {
            try {
                MethodHandles.Lookup lookup =
                        MethodHandles.privateLookupIn(Thread.class, MethodHandles.lookup());
                Class<?> builders = Class.forName("java.lang.ThreadBuilders");
                Method create =
                        builders.getDeclaredMethod(
                                "newVirtualThread",
                                Executor.class,
                                String.class,
                                int.class,
                                Runnable.class);
                create.setAccessible(true);
                newThread = lookup.unreflect(create);
                currentCarrier =
                        lookup.findStatic(
                                Thread.class,
                                "currentCarrierThread",
                                MethodType.methodType(Thread.class));
                Method scheduler =
                        Class.forName("java.lang.VirtualThread")
                                .getDeclaredMethod("defaultScheduler");
                scheduler.setAccessible(true);
                defaultScheduler = (Executor) scheduler.invoke(null);
                Field flag = Thread.class.getDeclaredField("NO_INHERIT_THREAD_LOCALS");
                flag.setAccessible(true);
                noInherit = flag.getInt(null);
            } catch (ReflectiveOperationException | RuntimeException e) {
                newThread = null;
                why =
                        "this JDK ("
                                + Runtime.version()
                                + ") has no known way to choose a virtual thread's scheduler: "
                                + e;
            }
        }
        NEW_THREAD = newThread;
        CURRENT_CARRIER = currentCarrier;
        DEFAULT_SCHEDULER = defaultScheduler;
        NO_INHERIT_THREAD_LOCALS = noInherit;
        UNAVAILABLE_BECAUSE = why;
    }

    private VirtualThreads() {}

    /** Whether virtual threads can be given a scheduler here. */
    static boolean available() {
        return NEW_THREAD != null;
    }

    /** Why they cannot, or null when they can. */
    static @Nullable String unavailableBecause() {
        return UNAVAILABLE_BECAUSE;
    }

    /**
     * A virtual thread whose continuation is always submitted to {@code scheduler}; it inherits no
     * thread-locals.
     */
    static Thread unstarted(Executor scheduler, @Nullable String name, Runnable body) {
        MethodHandle newThread = NEW_THREAD;
        if (newThread == null) {
            throw new IllegalStateException(UNAVAILABLE_BECAUSE);
        }
        try {
            return (Thread) newThread.invokeExact(scheduler, name, NO_INHERIT_THREAD_LOCALS, body);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The platform thread under the current virtual thread, or the current thread; null where that
     * cannot be told.
     */
    static @Nullable Thread currentCarrier() {
        MethodHandle currentCarrier = CURRENT_CARRIER;
        if (currentCarrier == null) {
            return null;
        }
        try {
            return (Thread) currentCarrier.invokeExact();
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /** The JDK's own scheduler, for continuations that are not a loop's. */
    static Executor defaultScheduler() {
        Executor scheduler = DEFAULT_SCHEDULER;
        if (scheduler == null) {
            throw new IllegalStateException(UNAVAILABLE_BECAUSE);
        }
        return scheduler;
    }
}
