package dev.weft;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Random;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The FIFO of what is ready to run: many producers, one consumer at a time, no allocation.
 *
 * <p>Two chains. The <em>inbox</em> takes pushes from any thread and is Dmitry Vyukov's intrusive
 * MPSC node queue. The <em>local</em> chain takes pushes made on the consumer's own thread, where
 * most come from, without its atomic exchanges. An entry goes there only while the inbox is empty,
 * else into the inbox behind what stands there. So whatever is in the local chain was pushed before
 * whatever is in the inbox now, and the order of the whole is: local chain, then inbox.
 *
 * <p>Each entry is its own node, so queueing never allocates (and so cannot fail with an {@code
 * OutOfMemoryError} in the middle of a wake-up). An entry stands in the queue at most once: {@code
 * queued} goes up before the push and down after the pop, just before the entry runs. A push that
 * finds it up may be dropped: the pop that follows, on the consumer, sees everything that the
 * dropped producer did before (its failed compare-and-set synchronises with the store that takes
 * the flag down). That is the semantics a virtual thread's continuation wants: being submitted
 * twice before it ran once means the same as once, and being submitted for nothing ({@code
 * Thread.getStackTrace} does that) is harmless.
 *
 * <p>A push is one atomic exchange of {@code tail} and one store that links the predecessor. In
 * between, the chain is broken at that place: {@link #isEmpty} already says "no", and {@link #poll}
 * waits for the store, which is the next instruction of a thread that is never a virtual thread in
 * mid-unmount. No method is called in between, so the stack overflow of a task deep in recursion
 * either comes before the exchange, and the push has not happened, or not at all.
 */
final class RunQueue {
    /** What can stand in the queue. */
    abstract static class Entry {
        private volatile @Nullable Entry next;

        /** The next one in the local chain; owned by the consumer. */
        private @Nullable Entry nextLocal;

        @SuppressWarnings("UnusedVariable") // read through its VarHandle
        private volatile boolean queued;

        /** Runs the entry; called by the consumer. */
        abstract void run();
    }

    private static final class Stub extends Entry {
        @Override
        void run() {}
    }

    private static final VarHandle HEAD;
    private static final VarHandle TAIL;
    private static final VarHandle QUEUED;
    private static final VarHandle NEXT;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            HEAD = lookup.findVarHandle(RunQueue.class, "head", Entry.class);
            TAIL = lookup.findVarHandle(RunQueue.class, "tail", Entry.class);
            QUEUED = lookup.findVarHandle(Entry.class, "queued", boolean.class);
            NEXT = lookup.findVarHandle(Entry.class, "next", Entry.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** How many others a shuffled queue lets run before the entry that takes no part. */
    private static final int PATIENCE = 8;

    private final Entry stub = new Stub();

    /** Owned by the consumer; volatile only for {@link #count}. */
    private volatile Entry head = stub;

    private volatile Entry tail = stub;

    /** The local chain; owned by the consumer. */
    private @Nullable Entry localFirst;

    private @Nullable Entry localLast;

    /** Chooses who is next, where the order is to be shuffled; owned by the consumer. */
    private @Nullable Random random;

    /** Takes no part in that; owned by the consumer, as are the next two. */
    private @Nullable Entry background;

    private int chosenSoFar;

    /** What was taken out of the chains and waits to be chosen; owned by the consumer. */
    private final ArrayList<Entry> bag = new ArrayList<>(0);

    /**
     * Adds an entry at the tail; from any thread.
     *
     * @return whether it was added: false when it is in the queue already
     */
    boolean push(Entry entry) {
        if (!QUEUED.compareAndSet(entry, false, true)) {
            return false;
        }
        try {
            link(entry);
        } catch (StackOverflowError e) {
            entry.queued = false; // it was thrown before the exchange: see above
            throw e;
        }
        return true;
    }

    /**
     * Appends an entry whose {@code next} is null. No call may stand between the exchange and the
     * link: see above. So it is no {@code getAndSet}, which calls {@code Class.cast} on what it
     * got.
     */
    private void link(Entry entry) {
        Entry before;
        do {
            before = tail;
        } while (!TAIL.compareAndSet(this, before, entry));
        before.next = entry;
    }

    /**
     * As {@link #push}, but on the consumer's own thread. As there, no call stands between the
     * statements that change the chain.
     */
    boolean pushLocal(Entry entry) {
        if (!QUEUED.compareAndSet(entry, false, true)) {
            return false;
        }
        if (head != stub || tail != stub) {
            try {
                link(entry);
            } catch (StackOverflowError e) {
                entry.queued = false;
                throw e;
            }
            return true;
        }
        Entry last = localLast;
        if (last == null) {
            localFirst = entry;
        } else {
            last.nextLocal = entry;
        }
        localLast = entry;
        return true;
    }

    /**
     * From now on entries come out in an order that depends on a seed; null for the order in which
     * they came. For the consumer.
     *
     * @param seed the seed
     * @param last an entry that takes no part: it comes when nothing else is there, and now and
     *     then. It is the event loop, which other threads may have made ready or not, by chance
     */
    void shuffle(@Nullable Long seed, @Nullable Entry last) {
        random = seed == null ? null : new Random(seed);
        background = last;
    }

    /** For tests that try many orders on one shuffled queue: goes on as if shuffled anew. */
    void reshuffle(long seed) {
        if (random == null) {
            throw new IllegalStateException("the queue is not shuffled");
        }
        random = new Random(seed);
        chosenSoFar = 0;
    }

    private @Nullable Entry pollAtRandom(Random chooser) {
        for (Entry entry; (entry = pollInOrder()) != null; ) {
            bag.add(entry);
        }
        boolean patient = ++chosenSoFar % PATIENCE != 0;
        int size = bag.size();
        int waiting = background == null ? -1 : bag.indexOf(background);
        if (size == 0) {
            return null;
        }
        int chosen;
        if (waiting < 0) {
            chosen = size == 1 ? 0 : chooser.nextInt(size);
        } else if (size == 1 || !patient) {
            chosen = waiting;
        } else {
            chosen = size == 2 ? 0 : chooser.nextInt(size - 1);
            chosen += chosen >= waiting ? 1 : 0;
        }
        Entry entry = bag.remove(chosen);
        entry.queued = false;
        return entry;
    }

    /** Takes the entry at the head, or null when there is none; for the consumer. */
    @Nullable Entry poll() {
        Random chooser = random;
        if (chooser != null) {
            return pollAtRandom(chooser);
        }
        Entry entry = pollInOrder();
        if (entry != null) {
            entry.queued = false; // with its full fence: see above
        }
        return entry;
    }

    /** Takes the entry at the head, which still counts as queued. */
    private @Nullable Entry pollInOrder() {
        Entry local = localFirst;
        if (local == null) {
            return pollInbox();
        }
        Entry next = local.nextLocal;
        localFirst = next;
        if (next == null) {
            localLast = null;
        }
        local.nextLocal = null;
        return local;
    }

    private @Nullable Entry pollInbox() {
        Entry first = head;
        Entry second = first.next;
        if (first == stub) {
            if (second == null) {
                if (tail == stub) {
                    return null;
                }
                second = awaitLink(first);
            }
            HEAD.setRelease(this, second);
            NEXT.setOpaque(stub, null);
            first = second;
            second = first.next;
        }
        if (second == null) {
            if (first == tail) {
                link(stub);
            }
            second = awaitLink(first);
        }
        HEAD.setRelease(this, second);
        NEXT.setOpaque(
                first, null); // else a long-lived entry would keep all its successors reachable
        return first;
    }

    private static Entry awaitLink(Entry entry) {
        Entry next;
        for (int spins = 0; (next = entry.next) == null; spins++) {
            if (spins < 100) {
                Thread.onSpinWait();
            } else {
                Thread.yield();
            }
        }
        return next;
    }

    /** Whether nothing is ready; exact on the consumer's thread. */
    boolean isEmpty() {
        return localFirst == null && head == stub && tail == stub && bag.isEmpty();
    }

    /**
     * An entry at or near the tail, which will be run when all before it were; for the consumer,
     * while the queue is not empty.
     */
    Entry last() {
        Entry last = tail;
        if (last == stub) {
            last = head;
        }
        Entry local = localLast;
        return last == stub && local != null ? local : last;
    }

    /**
     * How many such entries are ready, counted from any thread: exact while nothing runs, an
     * estimate otherwise.
     */
    int count(Predicate<Entry> counted) {
        int count = 0;
        int seen = 0;
        for (Entry e : bag.toArray(new @Nullable Entry[0])) {
            if (e != null && counted.test(e)) {
                count++;
            }
        }
        for (Entry e = localFirst; e != null && seen < MAX_COUNTED; e = e.nextLocal) {
            seen++;
            if (counted.test(e)) {
                count++;
            }
        }
        for (Entry e = head; e != null && seen < MAX_COUNTED; e = e.next) {
            seen++;
            if (e != stub && counted.test(e)) {
                count++;
            }
        }
        return count;
    }

    private static final int MAX_COUNTED = 1_000_000;
}
