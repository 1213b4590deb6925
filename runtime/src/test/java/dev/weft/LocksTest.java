package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.sleep;
import static dev.weft.Async.yieldNow;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;

/**
 * DESIGN section 2: a lock held across a suspension, wanted by callbacks and tasks of the same
 * loop, is no deadlock.
 */
class LocksTest {
    private final List<String> log = new ArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Object monitor = new Object();

    /**
     * Wants the lock from a callSoon callback, an onDone callback and a task while it is held, then
     * lets {@code hold} end.
     */
    private void wantedWhileHeld(Action hold) {
        Promise<Void> done = Promise.create();
        Promise<Void> soonRan = Promise.create();
        Promise<Void> doneRan = Promise.create();
        Task<Void> holder =
                async(() -> {
                    lock.lock();
                    try {
                        hold.run();
                        log.add("held");
                    } finally {
                        lock.unlock();
                    }
                });
        yieldNow();
        Loop.current().callSoon(() -> locked("callSoon", soonRan));
        done.onDone(d -> locked("onDone", doneRan));
        done.complete(null);
        Task<Void> third = async(() -> locked("task", null));
        await(holder);
        await(soonRan);
        await(doneRan);
        await(third);
        assertThat(log).containsExactlyInAnyOrder("held", "callSoon", "onDone", "task");
        assertThat(log.getFirst()).isEqualTo("held");
    }

    private void locked(String who, Promise<Void> then) {
        lock.lock();
        try {
            log.add(who);
        } finally {
            lock.unlock();
        }
        if (then != null) {
            then.complete(null);
        }
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void heldAcrossASleep() {
        wantedWhileHeld(() -> sleep(Duration.ofMillis(20)));
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void heldAcrossAWaitForAForeignThread() {
        wantedWhileHeld(() -> {
            Promise<Void> promise = Promise.create();
            Thread.ofPlatform().start(() -> promise.complete(null));
            await(promise);
        });
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void heldAcrossABlockingWaitForAForeignThread() {
        wantedWhileHeld(() -> {
            CountDownLatch latch = new CountDownLatch(1);
            Thread.ofPlatform().start(latch::countDown);
            latch.await();
        });
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void heldAcrossABlockingRead() {
        wantedWhileHeld(() -> {
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                    Socket client = new Socket(server.getInetAddress(), server.getLocalPort());
                    Socket accepted = server.accept();
                    InputStream in = client.getInputStream()) {
                Thread writer =
                        Thread.ofPlatform()
                                .start(() -> {
                                    try {
                                        accepted.getOutputStream().write(42);
                                    } catch (java.io.IOException e) {
                                        throw new java.io.UncheckedIOException(e);
                                    }
                                });
                assertThat(in.read()).isEqualTo(42);
                writer.join();
            }
        });
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void aMonitorHeldAcrossASleepIsNoDeadlockEither() {
        Task<Void> holder =
                async(() -> {
                    synchronized (monitor) {
                        sleep(Duration.ofMillis(20));
                        log.add("held");
                    }
                });
        yieldNow();
        Promise<Void> ran = Promise.create();
        Loop.current()
                .callSoon(() -> {
                    synchronized (monitor) {
                        log.add("callback");
                    }
                    ran.complete(null);
                });
        Loop.current().callSoon(() -> log.add("another callback thread took over"));
        await(ran);
        await(holder);
        assertThat(log).containsExactly("another callback thread took over", "held", "callback");
    }

    @AsyncTest(modes = SchedulerMode.LOOP)
    void blockingJdkCallsParkTheTaskAndNotTheLoop() {
        Task<Void> blocked = async(() -> Thread.sleep(50));
        int turns = 0;
        while (!blocked.isDone()) {
            yieldNow();
            turns++;
        }
        assertThat(turns).as("turns of another task meanwhile").isGreaterThan(100);
    }

    @AsyncTest(modes = SchedulerMode.PORTABLE)
    void inPortableModeABlockingJdkCallHoldsTheTurnAsInPython() {
        Task<Void> blocked =
                async(() -> {
                    Thread.sleep(20);
                    log.add("slept");
                });
        yieldNow();
        log.add("other");
        await(blocked);
        assertThat(log).containsExactly("slept", "other");
    }

    @AsyncTest
    void anUncontendedLockCostsNothing() {
        Task<Void> a = async(() -> locked("a", null));
        Task<Void> b = async(() -> locked("b", null));
        await(a);
        await(b);
        assertThat(log).containsExactly("a", "b");
    }
}
