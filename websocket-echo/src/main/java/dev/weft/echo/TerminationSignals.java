package dev.weft.echo;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGINT and SIGTERM, so that a program asked to stop can end with status 0: with the JVM's own
 * handler it exits with 130 or 143, whatever its shutdown hooks do.
 *
 * <p>The one class that uses {@code sun.misc.Signal}; reflectively, since the compiler hides it
 * under {@code --release}.
 */
final class TerminationSignals {
    private static final Logger LOG = LoggerFactory.getLogger(TerminationSignals.class);

    private TerminationSignals() {}

    /**
     * Calls a function when the first of these signals arrives, on a thread of the JVM's. A second
     * one ends the process at once.
     *
     * @param action is given the signal's name
     */
    static void onFirst(Consumer<String> action) {
        AtomicBoolean arrived = new AtomicBoolean();
        handle("INT", once(130, arrived, action));
        handle("TERM", once(143, arrived, action));
    }

    private static Consumer<String> once(
            int status, AtomicBoolean arrived, Consumer<String> action) {
        return name -> {
            if (arrived.getAndSet(true)) {
                Runtime.getRuntime().halt(status);
            }
            action.accept(name);
        };
    }

    /**
     * Calls a function at each SIGINT, on a thread of the JVM's; the process goes on.
     *
     * @param action what to call
     */
    static void onInterrupt(Runnable action) {
        handle("INT", name -> action.run());
    }

    private static void handle(String name, Consumer<String> action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy =
                    Proxy.newProxyInstance(
                            handler.getClassLoader(),
                            new Class<?>[] {handler},
                            (self, method, args) ->
                                    switch (method.getName()) {
                                        case "handle" -> {
                                            action.accept(name);
                                            yield null;
                                        }
                                        case "hashCode" -> System.identityHashCode(self);
                                        case "equals" -> self == args[0];
                                        default -> "handler of SIG" + name;
                                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (InvocationTargetException e) {
            // The JVM or the system keeps this signal to itself: the default must do.
            LOG.debug("cannot handle SIG{}", name, e.getCause());
        } catch (ReflectiveOperationException e) {
            LOG.debug("this JVM has no sun.misc.Signal: SIG{} ends it at once", name, e);
        }
    }
}
