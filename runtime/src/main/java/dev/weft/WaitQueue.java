package dev.weft;

import org.jspecify.annotations.Nullable;

/**
 * A line of waiting tasks, first come, first served: the one mechanism below all synchronisation
 * primitives. Owned by the primitive's loop.
 *
 * <h2>How something is handed on</h2>
 *
 * The task at the head is <em>granted</em> something (a permit, an item, a free place), leaves the
 * line and becomes ready. It has not taken it yet: that it does when it runs. In between {@link
 * #granted} counts it, and the primitive keeps so much aside, so that nobody barges in. If the task
 * is cancelled in between, it takes nothing; the count goes down all the same, and the primitive
 * looks again whom it can serve. So nothing needs to be given back, and nothing is lost.
 *
 * <p>A task that is cancelled in the line leaves it at once, from any place, in constant time.
 *
 * <h2>When the stack overflows</h2>
 *
 * Whoever hands on may be at its stack's end, where any call may fail. So {@link #serve} ends a
 * node's wait by one compare-and-set: before it, nothing has happened; after it, nothing is called
 * any more but what resumes the fiber. (Even a call that needs little stack may fail where a
 * greater one has just succeeded, which was inlined.) A resumption that was torn is kept, and
 * repeated by a fiber of the loop that has stack again.
 */
final class WaitQueue {
    /** A task's place in the line, and what that task awaits; made for one wait. */
    static final class Node extends FutureImpl<Object> {
        private WaitQueue queue;
        private final Fiber fiber;
        private @Nullable Node previous;
        private @Nullable Node next;
        private boolean linked;
        private boolean counted;

        private Node(WaitQueue queue, Fiber fiber) {
            this.queue = queue;
            this.fiber = fiber;
        }

        /**
         * Takes the place at the line's end and suspends the current task until it is served.
         *
         * @return what it was given
         * @throws CancelledError when the task was cancelled, perhaps after it was served
         */
        Object await() {
            try {
                queue.link(this);
                taskOf(fiber).suspendUntil(this, Timers.NONE);
            } finally {
                // Calls nothing: the stack may have overflowed, and a place that stays in the line
                // would swallow what it is given.
                if (linked) {
                    WaitQueue q = queue;
                    Node before = previous;
                    Node after = next;
                    if (before == null) {
                        q.first = after;
                    } else {
                        before.next = after;
                    }
                    if (after == null) {
                        q.last = before;
                    } else {
                        after.previous = before;
                    }
                    q.size--;
                    linked = false;
                } else if (counted) {
                    queue.granted--;
                }
            }
            if (isCancelled()) {
                // The request was taken back (uncancel), but the place in the line is lost.
                throw new CancelledError(null);
            }
            return awaited();
        }

        /** Called by the task's cancellation, on the loop. */
        @Override
        public boolean cancel() {
            return cancelBecause(new Request(null));
        }

        @Override
        boolean cancelBecause(Request request) {
            Fiber here = Fiber.current();
            return serve(this, CANCELLED, false, here != null ? here : fiber);
        }

        /** Whether it stands in this line, or has left it. */
        boolean belongsTo(WaitQueue line) {
            return queue == line;
        }

        @Override
        @Nullable ScopeImpl reportTo() {
            return null;
        }

        @Override
        String description() {
            return queue.primitive.toString();
        }

        @Override
        public String toString() {
            return description();
        }
    }

    private static final Object CANCELLED = new FutureImpl.Cancelled(null);
    private static final Object NOTHING = new Object();

    private final LoopBound primitive;
    private @Nullable Node first;
    private @Nullable Node last;

    /** How many wait; read as a snapshot from any thread. */
    private int size;

    /** How many were granted something and have not run since; read as a snapshot too. */
    private int granted;

    WaitQueue(LoopBound primitive) {
        this.primitive = primitive;
    }

    private static TaskImpl<?> taskOf(Fiber fiber) {
        TaskImpl<?> task = fiber.task;
        if (task == null) {
            throw new IllegalStateException("only a task can wait");
        }
        return task;
    }

    // ---- asking

    boolean isEmpty() {
        return first == null;
    }

    /** Whether nobody waits and nobody is about to take what it was granted. */
    boolean isIdle() {
        return first == null && granted == 0;
    }

    int size() {
        return size;
    }

    int granted() {
        return granted;
    }

    /** The task at the head, or null. */
    @Nullable TaskImpl<?> firstTask() {
        Node node = first;
        return node == null ? null : node.fiber.task;
    }

    // ---- waiting

    /** Waits in line with the current task, which runs in the fiber, as {@link Node#await} does. */
    Object await(Fiber fiber) {
        return place(fiber).await();
    }

    /** A place for the current task, which takes it by {@link Node#await}. */
    Node place(Fiber fiber) {
        return new Node(this, fiber);
    }

    private void link(Node node) {
        Node before = last;
        node.previous = before;
        if (before == null) {
            first = node;
        } else {
            before.next = node;
        }
        last = node;
        node.linked = true;
        size++;
    }

    // ---- serving; each is told which fiber runs the caller

    /**
     * Grants something to the task at the head, if there is one. On a stack overflow nothing has
     * happened.
     */
    void grantFirst(Fiber here) {
        grantFirst(NOTHING, here);
    }

    /** As {@link #grantFirst(Fiber)}, and tells the task what. */
    void grantFirst(Object what, Fiber here) {
        Node node = first;
        if (node != null) {
            serve(node, what, true, here);
        }
    }

    /** Wakes all; they are given nothing and look for themselves. */
    void wakeAll(Fiber here) {
        for (Node node; (node = first) != null; ) {
            serve(node, NOTHING, false, here);
        }
    }

    /**
     * Ends a node's wait, takes it out of its line, and resumes its fiber; false when its wait has
     * ended already. On a stack overflow nothing has happened.
     */
    private static boolean serve(Node node, Object outcome, boolean grant, Fiber here) {
        if (!node.end(outcome)) {
            return false;
        }
        WaitQueue queue = node.queue;
        Node before = node.previous;
        Node after = node.next;
        if (before == null) {
            queue.first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            queue.last = before;
        } else {
            after.previous = before;
        }
        queue.size--;
        node.previous = null;
        node.next = null;
        node.linked = false;
        if (grant) {
            node.counted = true;
            queue.granted++;
        }
        try {
            node.fiber.scheduler.resume(node.fiber);
        } catch (StackOverflowError e) {
            // Not thrown on: it will be done.
            node.next = here.scheduler.untoldNode;
            here.scheduler.untoldNode = node;
        }
        return true;
    }

    /**
     * Lets the task at the head, if there is one, wait at the end of another line instead. Calls
     * nothing, so that it is not torn.
     */
    void moveFirst(WaitQueue other) {
        Node node = first;
        if (node == null) {
            return;
        }
        Node after = node.next;
        first = after;
        if (after == null) {
            last = null;
        } else {
            after.previous = null;
        }
        size--;
        Node before = other.last;
        node.queue = other;
        node.previous = before;
        node.next = null;
        if (before == null) {
            other.first = node;
        } else {
            before.next = node;
        }
        other.last = node;
        other.size++;
    }

    /** Repeats the resumptions that were torn; by a fiber of the loop that has stack again. */
    static void tellUntold(Scheduler scheduler) {
        for (Node node; (node = scheduler.untoldNode) != null; ) {
            node.fiber.scheduler.resumeAgain(node.fiber);
            scheduler.untoldNode = node.next; // only now: there may be no stack here either
        }
    }
}
