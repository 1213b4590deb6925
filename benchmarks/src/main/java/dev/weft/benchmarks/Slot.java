package dev.weft.benchmarks;

import java.io.IOException;

/**
 * One second or so of load on one program.
 *
 * @param perSecond throughput
 * @param p50Micros median latency
 * @param p99Micros the latency that one operation in a hundred exceeds
 * @param cpuMicros user and system time of the program's process, per operation
 * @param disturbed the share of the time for which a thread of the program or of its opposite was
 *     ready but did not have its core
 */
record Slot(
        double perSecond, double p50Micros, double p99Micros, double cpuMicros, double disturbed) {

    /**
     * Has a load run.
     *
     * @param driver who runs it
     * @param line what tells it to
     * @param seconds how long it takes
     * @param program the process whose processor time counts
     * @param opposite the other end of its connections
     */
    static Slot take(Child driver, String line, double seconds, Child program, Child opposite)
            throws IOException, InterruptedException {
        CpuTime before = CpuTime.of(program.pid());
        CpuTime oppositeBefore = CpuTime.of(opposite.pid());
        String[] words = driver.ask(line, (long) seconds + 30).split(" ", -1);
        CpuTime after = CpuTime.of(program.pid());
        CpuTime oppositeAfter = CpuTime.of(opposite.pid());
        double count = Double.parseDouble(words[0]);
        double nanos = Double.parseDouble(words[1]);
        return new Slot(
                count / nanos * 1e9,
                Double.parseDouble(words[2]) / 1e3,
                Double.parseDouble(words[3]) / 1e3,
                after.nanosSince(before) / 1e3 / count,
                Math.max(after.waitedSince(before), oppositeAfter.waitedSince(oppositeBefore))
                        / nanos);
    }

    /** This one's figures to those of another. */
    Slot ratiosTo(Slot other) {
        return new Slot(
                perSecond / other.perSecond,
                p50Micros / other.p50Micros,
                p99Micros / other.p99Micros,
                cpuMicros / other.cpuMicros,
                0);
    }
}
