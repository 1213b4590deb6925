package dev.weft;

import static dev.weft.Async.*;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The examples in the Javadoc of what waits for several futures: compiled and run. */
class AggregationSnippetsTest {
    private static String load(String page) {
        sleep(Duration.ofMillis(page.length()));
        if (page.isEmpty()) {
            throw new IllegalArgumentException("no page");
        }
        return "<" + page + ">";
    }

    private static void show(Object what) {
        assertThat(what).isNotNull();
    }

    @AsyncTest
    void gathers() {
        // @start region="gather"
        Task<String> index = async(() -> load("index"));
        Task<String> about = async(() -> load("about"));
        List<String> pages = gather(index, about);
        // @end
        assertThat(pages).containsExactly("<index>", "<about>");
    }

    @AsyncTest
    void gathersOutcomes() {
        // @start region="gatherOutcomes"
        Task<String> good = async(() -> load("index"));
        Task<String> bad = async(() -> load(""));
        List<String> lines = new ArrayList<>();
        for (Outcome<String> outcome : gatherOutcomes(good, bad)) {
            lines.add(
                    switch (outcome) {
                        case Outcome.Succeeded(String page) -> page;
                        case Outcome.Failed(Throwable failure) -> "failed: " + failure.getMessage();
                        case Outcome.Cancelled(String message) -> "cancelled: " + message;
                    });
        }
        // @end
        assertThat(lines).containsExactly("<index>", "failed: no page");
    }

    @AsyncTest(leavesTasks = true)
    void waitsForAll() {
        // @start region="awaitAll"
        List<Task<String>> tasks = new ArrayList<>();
        for (String page : List.of("index", "about")) {
            tasks.add(async(() -> load(page)));
        }
        Waited<Task<String>> waited = awaitAll(tasks, Duration.ofSeconds(10));
        waited.done().forEach(task -> show(await(task)));
        waited.pending().forEach(Task::cancel);
        // @end
        assertThat(waited.done()).hasSize(2);
    }

    @AsyncTest(leavesTasks = true)
    void waitsForTheFirst() {
        // @start region="awaitFirst"
        Task<String> near = async(() -> load("x"));
        Task<String> far = async(() -> load("a longer way to go"));
        Waited<Task<String>> race = awaitFirst(List.of(near, far));
        String winner = await(race.done().getFirst());
        race.pending().forEach(Task::cancel);
        // @end
        assertThat(winner).isNotEmpty();
    }

    @AsyncTest(leavesTasks = true)
    void waitsForTheFirstFailure() {
        // @start region="awaitFirstFailure"
        List<Task<String>> tasks =
                List.of(async(() -> load("")), async(() -> load("a page of some length")));
        Waited<Task<String>> waited = awaitFirstFailure(tasks);
        waited.pending().forEach(Task::cancel);
        for (Task<String> task : waited.done()) {
            if (task.state() == java.util.concurrent.Future.State.FAILED) {
                show(task.exceptionNow());
            }
        }
        // @end
        assertThat(waited.done()).hasSize(1);
    }

    @AsyncTest
    void loopsAsCompleted() {
        List<String> shown = new ArrayList<>();
        // @start region="asCompleted"
        List<Task<String>> tasks =
                List.of(async(() -> load("a longer one")), async(() -> load("x")));
        for (Task<String> task : asCompleted(tasks)) {
            shown.add(await(task));
        }
        // @end
        assertThat(shown).containsExactlyInAnyOrder("<x>", "<a longer one>");
    }

    @AsyncTest
    void maps() {
        // @start region="map"
        List<String> names = List.of("index", "about", "contact");
        List<String> pages = map(names, 2, name -> load(name));
        // @end
        assertThat(pages).containsExactly("<index>", "<about>", "<contact>");
    }
}
