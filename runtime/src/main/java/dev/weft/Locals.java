package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * What the task-locals of a task or callback are set to: an immutable map, so that whoever starts
 * another hands it on by reference. No map at all, null, means that none is set.
 *
 * <p>Open addressing in one array, which each change copies: reading is the common case, and a task
 * has a handful.
 */
final class Locals {
    /** Keys at even places, each followed by its value; a power of two, at most half full. */
    private final @Nullable Object[] table;

    private final int size;

    private Locals(@Nullable Object[] table, int size) {
        this.table = table;
        this.size = size;
    }

    /** Those of the calling task or callback; null also on a thread that runs neither. */
    static @Nullable Locals current() {
        Fiber fiber = Fiber.current();
        if (fiber != null) {
            return fiber.locals;
        }
        Context borrowed = Context.borrowed();
        return borrowed == null ? null : borrowed.locals;
    }

    /** The place of a key, or of the gap where it would go. */
    private static int place(@Nullable Object[] table, TaskLocal<?> key) {
        int mask = table.length - 1;
        int i = key.hash << 1 & mask;
        while (table[i] != null && table[i] != key) {
            i = i + 2 & mask;
        }
        return i;
    }

    static boolean has(@Nullable Locals locals, TaskLocal<?> key) {
        return locals != null && locals.table[place(locals.table, key)] != null;
    }

    /** The value of a key; null where it is not set, too. */
    static @Nullable Object get(@Nullable Locals locals, TaskLocal<?> key) {
        return locals == null ? null : locals.table[place(locals.table, key) + 1];
    }

    /** The same, but for one value. */
    static Locals with(@Nullable Locals locals, TaskLocal<?> key, @Nullable Object value) {
        @Nullable Object[] table = locals == null ? new @Nullable Object[4] : locals.table.clone();
        int size = locals == null ? 0 : locals.size;
        if (table[place(table, key)] == null) {
            if (++size > table.length / 4) {
                table = copy(table, table.length * 2, key);
            }
            table[place(table, key)] = key;
        }
        table[place(table, key) + 1] = value;
        return new Locals(table, size);
    }

    /** The same, but for one that is not set. */
    static @Nullable Locals without(@Nullable Locals locals, TaskLocal<?> key) {
        if (locals == null || !has(locals, key)) {
            return locals;
        }
        // Not just a gap: those behind it would no longer be found.
        return locals.size == 1
                ? null
                : new Locals(copy(locals.table, locals.table.length, key), locals.size - 1);
    }

    private static @Nullable Object[] copy(
            @Nullable Object[] from, int length, TaskLocal<?> butFor) {
        @Nullable Object[] to = new @Nullable Object[length];
        for (int i = 0; i < from.length; i += 2) {
            if (from[i] instanceof TaskLocal<?> key && key != butFor) {
                int place = place(to, key);
                to[place] = key;
                to[place + 1] = from[i + 1];
            }
        }
        return to;
    }
}
