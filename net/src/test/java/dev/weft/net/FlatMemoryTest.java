package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Many bytes through a stream and back, in a JVM that has little memory, of the heap and outside:
 * what were kept would end it.
 */
@Timeout(600)
class FlatMemoryTest {
    private static final int MIB = 1024 * 1024;
    private static final long BYTES = (Boolean.getBoolean("weft.long") ? 1024L : 32L) * MIB;
    private static final int HEAP_MIB = 32;
    private static final int DIRECT_MIB = 24;

    @TempDir Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "JDK", "OPENSSL"})
    void bytesPassWithoutStaying(String kind) throws Exception {
        Path log = folder.resolve("log");
        long start = System.nanoTime();
        try (ChildJvm pump =
                ChildJvm.start(
                        log,
                        PumpProgram.class,
                        List.of(
                                "-Xmx" + HEAP_MIB + "m",
                                "-XX:MaxDirectMemorySize=" + DIRECT_MIB + "m",
                                "-Dio.netty.maxDirectMemory=" + (long) DIRECT_MIB * MIB),
                        kind,
                        String.valueOf(BYTES))) {
            String came = pump.readLine();
            assertThat(came).as("%s", Files.readString(log)).isEqualTo(String.valueOf(BYTES));
            double direct = Long.parseLong(pump.readLine()) / (double) MIB;
            assertThat(pump.awaitExit()).isZero();
            System.out.printf(
                    "%d MiB and back over %s in a heap of %d MiB, with at most %.1f MiB direct: %.1f s%n",
                    BYTES / MIB, kind, HEAP_MIB, direct, (System.nanoTime() - start) / 1e9);
        }
    }
}
