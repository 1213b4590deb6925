package dev.weft.repl;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Set;

/** Stack traces as a user of the prompt wants them: without what lies under the API. */
final class Traces {
    private static final Set<String> MACHINERY =
            Set.of(
                    "java.lang.VirtualThread",
                    "java.lang.VirtualThread$VThreadContinuation$1",
                    "java.lang.Thread",
                    "jdk.internal.vm.Continuation");

    private Traces() {}

    /** The frames of the user's code, of libraries, and of Weft's public classes. */
    static StackTraceElement[] trimmed(Throwable failure) {
        StackTraceElement[] frames = failure.getStackTrace();
        int end = frames.length;
        while (end > 0 && isBelow(frames[end - 1])) {
            end--;
        }
        return Arrays.stream(frames, 0, end)
                .filter(frame -> !isInternal(frame.getClassName()))
                .toArray(StackTraceElement[]::new);
    }

    private static boolean isBelow(StackTraceElement frame) {
        return MACHINERY.contains(frame.getClassName()) || isInternal(frame.getClassName());
    }

    private static boolean isInternal(String name) {
        if (name.startsWith("dev.weft.repl.")) {
            return true;
        }
        if (!name.startsWith("dev.weft.")) {
            return false;
        }
        try {
            Class<?> type = Class.forName(name, false, Traces.class.getClassLoader());
            while (type.getEnclosingClass() != null) {
                type = type.getEnclosingClass();
            }
            return !Modifier.isPublic(type.getModifiers());
        } catch (ClassNotFoundException | LinkageError e) {
            // A hidden class, or one of the user's in a package of that name.
            return false;
        }
    }

    /** Throws anything from a body that may throw exceptions only. */
    @SuppressWarnings("unchecked")
    static <X extends Throwable> RuntimeException sneaky(Throwable failure) throws X {
        throw (X) failure;
    }
}
