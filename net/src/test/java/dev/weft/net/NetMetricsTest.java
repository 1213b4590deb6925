package dev.weft.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.Loop;
import dev.weft.testkit.AsyncTest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

class NetMetricsTest {
    @AsyncTest
    void countsConnectionsAndBytesOfItsLoop() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        new NetMetrics(Loop.current()).bindTo(registry);
        try (Server server = Tcp.listen("127.0.0.1", 0, TcpEchoTest::echo)) {
            try (ByteStream stream = Tcp.connect("127.0.0.1", server.port())) {
                stream.write(new byte[1000]);
                stream.readExactly(1000);
                // Both ends of the connection are this loop's.
                assertThat(registry.get("weft.net.connections").gauge().value()).isEqualTo(2);
                assertThat(registry.get("weft.net.read").functionCounter().count()).isEqualTo(2000);
                assertThat(registry.get("weft.net.written").functionCounter().count())
                        .isEqualTo(2000);
            }
        }
        assertThat(registry.get("weft.net.connections").gauge().value()).isZero();
    }
}
