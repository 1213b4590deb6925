package dev.weft;

import static dev.weft.Async.async;
import static dev.weft.Async.group;
import static dev.weft.Async.scope;
import static dev.weft.Async.shield;
import static dev.weft.Async.sleep;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A scope that is held up says by whom, every ten seconds; on a virtual clock once, as it would
 * race on from report to report.
 */
class ScopeWaitTest {
    private static final Duration LONG = Duration.ofHours(1);

    private static void cleansUpFor(int seconds) {
        try {
            sleep(LONG);
        } finally {
            sleep(Duration.ofSeconds(seconds));
        }
    }

    /** What slf4j-simple wrote to standard error meanwhile. */
    private static String errorsOf(Runnable body) {
        PrintStream before = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            body.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static String scopeHeldUpBy(int seconds) {
        return errorsOf(() ->
                scope(s -> {
                    async("stubborn", () -> cleansUpFor(seconds));
                    sleep(Duration.ofSeconds(1));
                    return null;
                }));
    }

    @AsyncTest(virtual = true)
    void aScopeThatIsHeldUpNamesTheTask() {
        assertThat(scopeHeldUpBy(11))
                .contains(
                        "a scope of ", "waits for tasks that were cancelled", "[stubborn awaiting")
                .containsOnlyOnce("WARN");
    }

    @AsyncTest(virtual = true)
    void aScopeThatWaitsForLessThanTenSecondsSaysNothing() {
        assertThat(scopeHeldUpBy(9)).doesNotContain("waits for");
    }

    @AsyncTest(virtual = true)
    void aGroupThatMerelyWaitsForItsChildrenSaysNothing() {
        assertThat(
                        errorsOf(() ->
                                group(g -> {
                                    g.async(() -> sleep(LONG));
                                })))
                .doesNotContain("waits for");
    }

    @AsyncTest(virtual = true)
    void aShieldedTaskIsCalledSo() {
        assertThat(
                        errorsOf(() ->
                                scope(s -> {
                                    async(() -> shield(() -> sleep(LONG)));
                                    sleep(Duration.ofSeconds(1));
                                    return null;
                                })))
                .contains("(shielded) awaiting");
    }

    @AsyncTest(virtual = true)
    void manyAreNamedUpToALimit() {
        assertThat(
                        errorsOf(() ->
                                scope(s -> {
                                    for (int i = 0; i < 25; i++) {
                                        async(() -> cleansUpFor(60));
                                    }
                                    sleep(Duration.ofSeconds(1));
                                    return null;
                                })))
                .contains("and 5 more");
    }
}
