package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Streams over a link between two network namespaces that is slow, is cut, and comes back, or
 * swallows everything. Both programs have a heap that does not hold what they carry, beside what
 * they need themselves.
 */
@Timeout(120)
class LinkIT {
    private static final String SINK = "198.51.100.1";
    private static final String SENDER = "198.51.100.2";
    private static final int MEGABITS = 16;

    private final String left = "weft-link-a-" + ProcessHandle.current().pid();
    private final String right = "weft-link-b-" + ProcessHandle.current().pid();
    private String ip;
    private String iptables;
    private Program sink;
    private String port;

    @BeforeEach
    void makeLink() {
        ip = tool("ip", "iproute2");
        iptables = tool("iptables", "iptables");
        String tc = tool("tc", "iproute2");
        if (!Tools.succeeds(ip, "netns", "add", left)
                || !Tools.succeeds(ip, "netns", "add", right)) {
            Tools.missing("no network namespace can be made", "run the tests as root");
        }
        run(ip, "-n", left, "link", "add", "va", "type", "veth", "peer", "vb", "netns", right);
        run(ip, "-n", left, "address", "add", SINK + "/24", "dev", "va");
        run(ip, "-n", right, "address", "add", SENDER + "/24", "dev", "vb");
        for (String space : List.of(left, right)) {
            run(ip, "-n", space, "link", "set", "lo", "up");
            run(ip, "-n", space, "link", "set", space.equals(left) ? "va" : "vb", "up");
        }
        String rate = MEGABITS + "mbit";
        run(
                tc, "-n", right, "qdisc", "add", "dev", "vb", "root", "tbf", "rate", rate, "burst",
                "32kb", "latency", "50ms");
        sink = start(left, "sink", SINK);
        port = sink.awaitLine("port ").split(" ")[1];
    }

    @AfterEach
    void removeLink() {
        if (sink != null) {
            sink.close();
        }
        if (ip != null) {
            Tools.succeeds(ip, "netns", "delete", left);
            Tools.succeeds(ip, "netns", "delete", right);
        }
    }

    private static String tool(String program, String debianPackage) {
        return Tools.require(
                        Tools.find(program), "no " + program, "apt-get install " + debianPackage)
                .toString();
    }

    private static void run(String... command) {
        try (Program program = Program.start(new ProcessBuilder(command))) {
            assertThat(program.awaitExit()).describedAs("%s", program).isZero();
        }
    }

    private Program start(String space, String... arguments) {
        List<String> words = new ArrayList<>(List.of("run", Checkout.testFile("netns/Link.java")));
        words.addAll(List.of(arguments));
        ProcessBuilder weft = Checkout.launcher(words.toArray(String[]::new));
        weft.command().addAll(0, List.of(ip, "netns", "exec", space));
        weft.environment().put("WEFT_JAVA_OPTIONS", "-Xmx40m");
        return Program.start(weft);
    }

    private Program send(int mib, int limitMillis) {
        return start(right, "send", SINK, port, String.valueOf(mib), String.valueOf(limitMillis));
    }

    @Test
    void aSlowLinkSlowsTheWriterDown() {
        try (Program sender = send(6, 60_000)) {
            String[] done = sender.awaitLine("done ").split(" ");
            assertThat(done[1]).isEqualTo(String.valueOf(6 << 20));
            long millis = Long.parseLong(done[2]);
            System.out.printf(
                    "6 MiB over %d Mbit/s: %d ms, in a heap of 40 MiB%n", MEGABITS, millis);
            assertThat(millis).isGreaterThan(2500); // 6 MiB are 3.1 s
            assertThat(sender.awaitExit()).isZero();
        }
    }

    @Test
    void aLinkThatComesBackLetsItGoOn() throws InterruptedException {
        try (Program sender = send(8, 60_000)) {
            sender.awaitLine("written 1");
            run(ip, "-n", left, "link", "set", "va", "down");
            Thread.sleep(2000); // how long it is cut
            assertThat(sender.out()).noneMatch(line -> line.startsWith("done"));
            run(ip, "-n", left, "link", "set", "va", "up");
            String[] done = sender.awaitLine("done ").split(" ");
            assertThat(done[1]).isEqualTo(String.valueOf(8 << 20));
            System.out.println("8 MiB over a link that was cut for 2 s: " + done[2] + " ms");
            assertThat(sender.awaitExit()).isZero();
        }
    }

    @Test
    void whatIsSwallowedEndsWithinItsLimits() {
        try (Program sender = send(100, 4000)) {
            sender.awaitLine("written 1");
            run(ip, "netns", "exec", left, iptables, "-A", "INPUT", "-i", "va", "-j", "DROP");
            long ended = Long.parseLong(sender.awaitLine("ended ").split(" ")[1]);
            String closed = sender.awaitLine("timed-out ");
            System.out.println(
                    "over a link that swallows everything: ended " + ended + " ms, " + closed);
            assertThat(ended).isBetween(4000L, 8000L);
            assertThat(Long.parseLong(closed.split(" ")[1])).isBetween(1000L, 4000L);
            assertThat(closed).contains("not all that was written could be sent");
            assertThat(sender.awaitExit()).isZero();
        }
    }
}
