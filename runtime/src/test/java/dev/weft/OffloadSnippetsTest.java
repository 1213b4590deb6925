package dev.weft;

import static dev.weft.Async.await;
import static dev.weft.Async.offload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.testkit.AsyncTest;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of offloading, signals and runners. */
class OffloadSnippetsTest {
    @AsyncTest
    void offloading() {
        // @start region="offload"
        String hosts = offload(() -> Files.readString(Path.of("/etc/hosts")));
        // @end
        assertThat(hosts).contains("localhost");
    }

    @AsyncTest
    void cpu() {
        // @start region="cpu"
        BigInteger prime =
                offload(Offload.cpu(), () -> BigInteger.probablePrime(512, new Random()));
        // @end
        assertThat(prime.bitLength()).isEqualTo(512);
    }

    @AsyncTest
    void signals() throws Exception {
        // @start region="signals"
        Promise<String> asked = Promise.create();
        Handle handle = Signals.on("USR1", () -> asked.tryComplete("reload"));
        // @end
        try {
            Kill.self("USR1");
            assertThat(await(asked)).isEqualTo("reload");
        } finally {
            handle.cancel();
        }
    }

    @Test
    void runner() {
        // @start region="runner"
        int sum = 0;
        try (Runner runner = Runner.open()) {
            for (int i = 1; i <= 3; i++) {
                int n = i;
                sum += runner.run(() -> offload(() -> n * n));
            }
        }
        // @end
        assertThat(sum).isEqualTo(14);
    }
}
