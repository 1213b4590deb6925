package dev.weft.net;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test method of what every stream does: it runs as a task, once on each {@link Wire}, which it
 * takes as its parameter, in the mode that this JVM is for. It fails if it leaves a task, a thread,
 * a channel or a buffer behind, or if a failure reached nobody.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(StreamTestExtension.class)
@interface StreamTest {
    /** Where some wires differ: it runs only on those that have all of these. */
    Wire.Trait[] needs() default {};

    /** The limit in seconds, for the method and the closing of its loop together. */
    int seconds() default 30;
}
