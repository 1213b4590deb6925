package dev.weft.benchmarks;

import java.util.Locale;

/**
 * What a figure should be at most, or at least. Missing one is no failure: a machine may be noisy.
 *
 * @param what the figure
 * @param bound on which side of the aim it should be
 * @param aim the aim
 * @param measured what it was
 */
record Aim(String what, Bound bound, double aim, double measured) {
    /** A side of the aim. */
    enum Bound {
        AT_MOST,
        AT_LEAST
    }

    static Aim atMost(String what, double aim, double measured) {
        return new Aim(what, Bound.AT_MOST, aim, measured);
    }

    static Aim atLeast(String what, double aim, double measured) {
        return new Aim(what, Bound.AT_LEAST, aim, measured);
    }

    /** Whether it was reached; a component of the JSON, too. */
    @com.fasterxml.jackson.annotation.JsonProperty
    boolean met() {
        return bound == Bound.AT_MOST ? measured <= aim : measured >= aim;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%-6s  %s: %.4g (aim: %s %.4g)",
                met() ? "met" : "missed",
                what,
                measured,
                bound == Bound.AT_MOST ? "at most" : "at least",
                aim);
    }
}
