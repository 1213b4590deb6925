package dev.weft;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The one class that uses {@code sun.misc.Signal}; reflectively, since the compiler hides it under
 * {@code --release}. Handlers are plain objects outside of it.
 */
final class NativeSignals {
    private static final @Nullable NativeSignals INSTANCE = create();

    private final Class<?> signalType;
    private final Class<?> handlerType;
    private final Method register;
    private final Method handle;
    private final Object ignore;

    private NativeSignals() throws ReflectiveOperationException {
        signalType = Class.forName("sun.misc.Signal");
        handlerType = Class.forName("sun.misc.SignalHandler");
        register = signalType.getMethod("handle", signalType, handlerType);
        handle = handlerType.getMethod("handle", signalType);
        ignore = handlerType.getField("SIG_IGN").get(null);
    }

    private static @Nullable NativeSignals create() {
        try {
            return new NativeSignals();
        } catch (ReflectiveOperationException | LinkageError e) {
            return null;
        }
    }

    private static NativeSignals instance() {
        NativeSignals instance = INSTANCE;
        if (instance == null) {
            throw new UnsupportedOperationException(
                    "signals need the JDK's module jdk.unsupported, which this JVM was started without:"
                            + " add it to the image, or --add-modules jdk.unsupported");
        }
        return instance;
    }

    /**
     * A handler that calls a function, with the signal to pass on to {@link #pass}, on a new thread
     * of the JVM's.
     */
    static Object handler(String name, Consumer<Object> function) {
        Class<?> type = instance().handlerType;
        return Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, args) ->
                        switch (method.getName()) {
                            case "handle" -> {
                                function.accept(args[0]);
                                yield null;
                            }
                            case "hashCode" -> System.identityHashCode(self);
                            case "equals" -> self == args[0];
                            default -> "Weft's handler of SIG" + name;
                        });
    }

    /**
     * Puts a handler in force.
     *
     * @return the one that was before
     * @throws IllegalArgumentException if the signal does not exist or cannot be handled
     * @throws UnsupportedOperationException if this JVM cannot handle signals
     */
    static Object install(String name, Object handler) {
        NativeSignals self = instance();
        try {
            Object signal = self.signalType.getConstructor(String.class).newInstance(name);
            return self.register.invoke(null, signal, handler);
        } catch (InvocationTargetException e) {
            Throwable cause = e.getCause();
            String why = String.valueOf(cause == null ? e : cause.getMessage());
            throw new IllegalArgumentException(
                    why.startsWith("Unknown signal")
                            ? "there is no signal SIG" + name + " here: name one like TERM or USR1"
                            : "SIG"
                                    + name
                                    + " cannot be handled: the JVM or the system keeps it to"
                                    + " itself; SIGUSR1, SIGHUP, SIGINT and SIGTERM are free"
                                    + " (unless java runs with -Xrs)",
                    e);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException("this JVM's sun.misc.Signal is another one", e);
        }
    }

    /** Whether a handler is the JVM's or the system's own, which ends the process. */
    static boolean isDefault(Object handler) {
        Object ignore = instance().ignore;
        // The JDK shows what is not ours nor another program's in a wrapper of its own.
        return handler != ignore && handler.getClass() == ignore.getClass();
    }

    /** Lets another handler handle a signal that has arrived. */
    static void pass(Object signal, Object handler) {
        try {
            instance().handle.invoke(handler, signal);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("cannot pass on " + signal, e);
        }
    }
}
