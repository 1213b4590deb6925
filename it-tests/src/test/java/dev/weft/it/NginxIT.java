package dev.weft.it;

import static dev.weft.Async.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.testkit.AsyncTest;
import dev.weft.websocket.UpgradeRefusedException;
import dev.weft.websocket.WebSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The echo server behind a reverse proxy. */
@Timeout(120)
class NginxIT {
    private EchoServer server;
    private Nginx nginx;

    @BeforeEach
    void start() {
        server = EchoServer.start();
        nginx = Nginx.before(server.url());
    }

    @AfterEach
    void end() {
        try {
            if (nginx != null) {
                nginx.close();
            }
        } finally {
            server.close();
        }
    }

    @Test
    void theCommandGetsItsEchoThroughNginx() {
        try (Program echo = Checkout.weft("echo", "--connect", nginx.url("/"), "one", "two")) {
            assertThat(echo.awaitExit()).describedAs("%s", echo).isZero();
            assertThat(echo.out()).containsExactly("one", "two");
            assertThat(echo.err()).isEmpty();
        }
    }

    @AsyncTest
    void messagesOfAllSizesPassBothWays() {
        try (WebSocket socket = WebSocket.connect(nginx.url("/"))) {
            for (int size : new int[] {0, 1, 125, 126, 65_535, 65_536, 1 << 20}) {
                String text = LongText.of(size);
                socket.send(text);
                assertThat(socket.receiveText().equals(text)).describedAs("%d", size).isTrue();
            }
            assertThat(socket.ping()).isPositive();
        }
    }

    @AsyncTest
    void theCodeOfATerminatedServerComesThrough() {
        try (WebSocket socket = WebSocket.connect(nginx.url("/"))) {
            socket.send("hi");
            assertThat(socket.receiveText()).isEqualTo("hi");
            server.program().terminate();
            assertThat(socket.receive()).isNull();
            assertThat(socket.closeCode()).isEqualTo(1001);
        }
        assertThat(await(server.program().exit())).isZero();
    }

    @AsyncTest
    void aRequestWhoseUpgradeNginxDropsIsRefusedWith426() {
        assertThatThrownBy(() -> WebSocket.connect(nginx.url("/no-upgrade/")))
                .isInstanceOfSatisfying(
                        UpgradeRefusedException.class, e -> assertThat(e.status()).isEqualTo(426));
    }

    @Test
    void aServerThatIsGoneIsAnAnswer502() {
        server.close();
        try (Program echo = Checkout.weft("echo", "--connect", nginx.url("/"), "hi")) {
            assertThat(echo.awaitExit()).isEqualTo(1);
            assertThat(echo.err()).singleElement().asString().contains("502");
        }
    }
}
