package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Async;
import dev.weft.Loop;
import dev.weft.LoopOptions;
import dev.weft.SchedulerMode;
import dev.weft.Transport;
import dev.weft.netty.NettyBridge;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files over TCP and Unix sockets, on each transport that works here, in each mode. */
@Timeout(60)
class SendFileTransportsTest {
    @TempDir Path folder;

    @ParameterizedTest
    @MethodSource("dev.weft.net.SocketTransportsTest#loops")
    void filesComeWhole(Transport transport, SchedulerMode mode) throws Exception {
        byte[] bytes = new byte[5_000_000];
        new Random(3).nextBytes(bytes);
        Path file = Files.write(folder.resolve("file"), bytes);
        StreamHandler handler =
                stream -> {
                    assertThat(NettyBridge.sendsFiles(stream.conduit().channel()))
                            .isEqualTo(transport != Transport.IO_URING);
                    stream.write("<");
                    assertThat(stream.sendFile(file)).isEqualTo(bytes.length);
                    stream.write(">");
                };
        LoopOptions options = LoopOptions.defaults().transport(transport).scheduler(mode);
        try (Loop loop = Loop.open(options)) {
            loop.run(() -> {
                try (Server server = Tcp.listen("127.0.0.1", 0, handler)) {
                    check(bytes, () -> Tcp.connect("127.0.0.1", server.port()));
                }
                Path path = folder.resolve("s");
                try (Server server = Unix.listen(path, handler)) {
                    assertThat(server.localAddress()).isEqualTo(UnixAddress.of(path));
                    check(bytes, () -> Unix.connect(path));
                }
            });
        }
    }

    private static void check(byte[] bytes, Supplier<ByteStream> connecting) {
        try (ByteStream stream = connecting.get()) {
            byte[] all =
                    Async.timeout(Duration.ofSeconds(20), () -> stream.readAll(bytes.length + 2));
            assertThat(all).hasSize(bytes.length + 2).startsWith('<').endsWith('>');
            assertThat(Arrays.equals(all, 1, all.length - 1, bytes, 0, bytes.length)).isTrue();
        }
    }
}
