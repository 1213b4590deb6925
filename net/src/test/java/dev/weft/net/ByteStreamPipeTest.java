package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.Trait.ENDS_EACH_DIRECTION_ALONE;
import static dev.weft.net.Wire.Trait.OUTLIVES_THE_PEERS_END;
import static dev.weft.net.Wire.Trait.SHOWS_ABORTS;
import static dev.weft.net.Wire.bytes;
import static dev.weft.net.Wire.random;
import static dev.weft.net.Wire.writeUntilItWaits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Task;
import java.util.Arrays;
import java.util.concurrent.CancellationException;

/** A proxy between two connections. */
class ByteStreamPipeTest {
    /** A client, the proxy's two streams, and a server. */
    private interface Proxied {
        void run(ByteStream client, ByteStream one, ByteStream other, ByteStream server)
                throws Exception;
    }

    private static void proxied(Wire on, Proxied body) throws Exception {
        on.connected((client, one) ->
                on.connected((other, server) -> body.run(client, one, other, server)));
    }

    @StreamTest(needs = ENDS_EACH_DIRECTION_ALONE)
    void bothWaysAreCarriedUntilBothHaveEnded(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    // @start region="pipe"
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    // @end
                    byte[] much = random(1_000_000);
                    Task<?> sender =
                            async(() -> {
                                client.write(much);
                                client.shutdownOutput();
                            });
                    assertThat(server.readAll(much.length)).isEqualTo(much);
                    await(sender);
                    assertThat(proxy.isDone()).isFalse();
                    server.write("answer");
                    server.shutdownOutput();
                    assertThat(client.readAll(100)).isEqualTo(bytes("answer"));
                    await(proxy);
                    assertThat(one.isOpen()).isTrue();
                    assertThat(other.isOpen()).isTrue();
                });
    }

    @StreamTest(needs = OUTLIVES_THE_PEERS_END)
    void whoAnswersNothingEndsThePipeInOrder(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    client.write("all");
                    client.shutdownOutput();
                    assertThat(server.readAll(9)).isEqualTo(bytes("all"));
                    server.close();
                    await(proxy);
                    assertThat(client.read()).isNull();
                });
    }

    @StreamTest(needs = OUTLIVES_THE_PEERS_END)
    void theServerMayEndFirst(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    client.write("question");
                    assertThat(server.readExactly(8)).isEqualTo(bytes("question"));
                    server.write("answer");
                    if (on.has(ENDS_EACH_DIRECTION_ALONE)) {
                        server.shutdownOutput();
                        assertThat(client.readAll(100)).isEqualTo(bytes("answer"));
                        client.write("thanks");
                        client.shutdownOutput();
                        assertThat(server.readAll(100)).isEqualTo(bytes("thanks"));
                    } else {
                        server.close();
                        assertThat(client.readAll(100)).isEqualTo(bytes("answer"));
                        client.close();
                    }
                    await(proxy);
                });
    }

    @StreamTest
    void muchIsCarriedBothWaysAtOnce(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    byte[] there = random(2_000_000);
                    byte[] back = random(1_500_000);
                    Task<?> client1 = async(() -> client.write(there));
                    Task<?> server1 = async(() -> server.write(back));
                    Task<byte[]> atClient = async(() -> client.readExactly(back.length));
                    assertThat(server.readExactly(there.length)).isEqualTo(there);
                    assertThat(await(atClient)).isEqualTo(back);
                    await(client1);
                    await(server1);
                    proxy.cancel();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(CancellationException.class);
                });
    }

    @StreamTest(needs = SHOWS_ABORTS)
    void whoBreaksEndsThePipeAndNotTheOther(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    client.write("x");
                    assertThat(server.read()).hasSize(1);
                    client.abort();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(BrokenConnectionException.class);
                    assertThat(other.isOpen()).isTrue();
                    server.write("y");
                    assertThat(other.read()).containsExactly('y');
                });
    }

    @StreamTest
    void whoCannotBeWrittenToEndsThePipe(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    Task<?> sender = async(() -> client.write(on.tooMuch()));
                    server.readExactly(100_000);
                    server.abort();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(BrokenConnectionException.class);
                    assertThat(one.isOpen()).isTrue();
                    one.abort();
                    assertThatThrownBy(() -> await(sender))
                            .isInstanceOf(BrokenConnectionException.class);
                });
    }

    @StreamTest
    void aSlowReaderAtOneEndHoldsTheOtherUp(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    byte[] sent = random(2 * on.tooMuch().length);
                    int accepted = writeUntilItWaits(client, sent);
                    assertThat(server.readExactly(accepted))
                            .isEqualTo(Arrays.copyOf(sent, accepted));
                    proxy.cancel();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(CancellationException.class);
                });
    }

    @StreamTest
    void aCancelledPipeLosesNothing(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    byte[] sent = random(300_000);
                    Task<?> sender = async(() -> client.write(sent));
                    Task<byte[]> reader = async(() -> server.readExactly(sent.length));
                    // Each goes on where the last one was cancelled.
                    for (int i = 0; !reader.isDone(); i++) {
                        Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                        for (int n = 0; n < i % 50; n++) {
                            yieldNow();
                        }
                        proxy.cancel();
                        assertThatThrownBy(() -> await(proxy))
                                .isInstanceOf(CancellationException.class);
                    }
                    assertThat(await(reader)).isEqualTo(sent);
                    await(sender);
                });
    }

    @StreamTest
    void whoReadsMeanwhileIsBusy(Wire on) throws Exception {
        proxied(
                on,
                (client, one, other, server) -> {
                    Task<?> proxy = async(() -> ByteStream.pipe(one, other));
                    yieldNow();
                    yieldNow();
                    assertThatThrownBy(one::read).isInstanceOf(BusyException.class);
                    assertThatThrownBy(() -> ByteStream.pipe(one, other))
                            .isInstanceOf(BusyException.class);
                    client.write("x");
                    assertThat(server.read()).containsExactly('x');
                    proxy.cancel();
                    assertThatThrownBy(() -> await(proxy))
                            .isInstanceOf(CancellationException.class);
                });
    }
}
