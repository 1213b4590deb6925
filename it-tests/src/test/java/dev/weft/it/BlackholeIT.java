package dev.weft.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Happy Eyeballs in a network namespace, where packets to some addresses vanish. */
@Timeout(120)
class BlackholeIT {
    private static final String ALIVE = "192.0.2.10";
    private static final String DEAD = "192.0.2.11";
    private static final String DEAD_V6 = "fd00:dead::1";

    @TempDir Path folder;

    private final String namespace = "weft-it-" + ProcessHandle.current().pid();
    private String ip;

    @BeforeEach
    void makeNamespace() {
        ip = tool("ip", "iproute2");
        String iptables = tool("iptables", "iptables");
        String ip6tables = tool("ip6tables", "iptables");
        if (!Tools.succeeds(ip, "netns", "add", namespace)) {
            Tools.missing("no network namespace can be made", "run the tests as root");
        }
        inNamespace(ip, "link", "set", "lo", "up");
        inNamespace(ip, "address", "add", ALIVE + "/32", "dev", "lo");
        inNamespace(ip, "address", "add", DEAD + "/32", "dev", "lo");
        inNamespace(ip, "-6", "address", "add", DEAD_V6 + "/128", "dev", "lo", "nodad");
        inNamespace(iptables, "-A", "INPUT", "-d", DEAD, "-p", "tcp", "-j", "DROP");
        inNamespace(ip6tables, "-A", "INPUT", "-d", DEAD_V6, "-p", "tcp", "-j", "DROP");
    }

    @AfterEach
    void removeNamespace() {
        if (ip != null) {
            Tools.succeeds(ip, "netns", "delete", namespace);
        }
    }

    private static String tool(String program, String debianPackage) {
        return Tools.require(
                        Tools.find(program), "no " + program, "apt-get install " + debianPackage)
                .toString();
    }

    private void inNamespace(String... command) {
        List<String> words = new ArrayList<>(List.of(ip, "netns", "exec", namespace));
        words.addAll(List.of(command));
        try (Program program = Program.start(new ProcessBuilder(words))) {
            assertThat(program.awaitExit()).describedAs("%s", program).isZero();
        }
    }

    private Program race(Path hosts) {
        ProcessBuilder weft =
                Checkout.launcher(
                        "run", Checkout.testFile("netns/Race.java"), hosts.toString(), ALIVE);
        weft.command().addAll(0, List.of(ip, "netns", "exec", namespace));
        return Program.start(weft);
    }

    @Test
    void aBlackholedFamilyCostsAQuarterOfASecondAndTwoOnlyTheLimit() throws IOException {
        Path hosts = folder.resolve("hosts");
        Files.writeString(
                hosts,
                """
                %s dual.test
                %s dual.test
                %s dead.test
                %s dead.test
                """
                        .formatted(ALIVE, DEAD_V6, DEAD, DEAD_V6));
        try (Program race = race(hosts)) {
            race.awaitLine("connected " + ALIVE + " ");
            String[] connected = race.awaitLine("connected " + ALIVE + " ").split(" ");
            assertThat(Integer.parseInt(connected[2])).isBetween(245, 1000);
            String timedOut = race.awaitLine("timed-out ");
            assertThat(Integer.parseInt(timedOut.split(" ")[1])).isBetween(1450, 3000);
            assertThat(timedOut)
                    .contains("dead.test")
                    .contains("(tried fd00:dead::1, " + DEAD + ") took more than 1500 ms");
            assertThat(race.awaitExit()).describedAs("%s", race).isZero();
        }
    }
}
