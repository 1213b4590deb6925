package dev.weft.testkit;

import dev.weft.SchedulerMode;
import dev.weft.Transport;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test method that runs as a task, once in each scheduler mode, on a loop of its own, within a
 * time limit. It fails if it leaves a task, a thread or a buffer behind, or if a failure reached
 * nobody.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(AsyncTestExtension.class)
public @interface AsyncTest {
    /** The modes to run in: a test names one only where DESIGN gives a behaviour to one. */
    SchedulerMode[] modes() default {SchedulerMode.LOOP, SchedulerMode.PORTABLE};

    /** The transport of the loop. */
    Transport transport() default Transport.AUTO;

    /**
     * Whether the loop has a virtual clock: nothing sleeps, and nothing depends on luck. It has no
     * I/O then.
     */
    boolean virtual() default false;

    /**
     * The seeds of the run queue's order, one run each; none: first in, first out. The seed stands
     * in the run's name, and is printed when it fails.
     */
    long[] seeds() default {};

    /** The limit in seconds, for the method and the closing of its loop together. */
    int seconds() default 30;

    /** Whether the method may leave tasks for {@code run} to cancel. */
    boolean leavesTasks() default false;

    /** Whether failures may go unhandled; else one fails the test. */
    boolean unhandled() default false;
}
