package dev.weft.testkit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes in this JVM, without a build: {@code RunTests CLASS...}. Prints each failure;
 * exits 1 if there is one, and 2 if nothing was run. {@code -Dweft.first=true} ends it at the
 * first, {@code -Dweft.stacks=true} shows stacks.
 */
public final class RunTests implements TestExecutionListener {
    private int run;
    private int failed;

    private RunTests() {}

    /** Runs the classes that are named. */
    public static void main(String[] classes) {
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(
                                Arrays.stream(classes)
                                        .map(name -> selectClass("dev.weft." + name))
                                        .toList())
                        .build();
        RunTests listener = new RunTests();
        LauncherFactory.create().execute(request, listener);
        listener.end();
    }

    /** Halts: a failed test may have left a loop's threads behind. */
    private void end() {
        System.out.println(run + " tests run, " + failed + " failed");
        System.out.flush();
        Runtime.getRuntime().halt(failed > 0 ? 1 : run == 0 ? 2 : 0);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (test.isTest()) {
            run++;
        }
        result.getThrowable()
                .ifPresent(failure -> {
                    failed++;
                    System.out.println("FAILED " + name(test) + ": " + failure);
                    if (Boolean.getBoolean("weft.stacks")) {
                        failure.printStackTrace(System.out);
                    }
                    if (Boolean.getBoolean("weft.first")) {
                        end();
                    }
                });
    }

    private static String name(TestIdentifier test) {
        return test.getUniqueIdObject().getSegments().stream()
                .skip(1)
                .map(segment -> segment.getValue().replaceFirst("\\(.*", ""))
                .reduce((all, next) -> all + " " + next)
                .orElse("");
    }
}
