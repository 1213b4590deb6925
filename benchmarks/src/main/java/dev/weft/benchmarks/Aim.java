package dev.weft.benchmarks;

import java.util.Locale;

/**
 * What a figure should be at most. Missing one is no failure: a machine may be noisy.
 *
 * @param what the figure
 * @param atMost the aim
 * @param measured what it was
 */
record Aim(String what, double atMost, double measured) {
    /** Whether it was reached; a component of the JSON, too. */
    @com.fasterxml.jackson.annotation.JsonProperty
    boolean met() {
        return measured <= atMost;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-6s  %s: %.4g (aim: at most %.4g)",
                met() ? "met" : "missed",
                what,
                measured,
                atMost);
    }
}
