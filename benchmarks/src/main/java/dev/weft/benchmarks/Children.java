package dev.weft.benchmarks;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The processes that are up, to be ended with this one. */
final class Children {
    private static final Set<Child> UP = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> UP.forEach(Child::close), "end children"));
    }

    private Children() {}

    static void add(Child child) {
        UP.add(child);
    }

    static void remove(Child child) {
        UP.remove(child);
    }
}
