package dev.weft.net;

import static dev.weft.Async.async;
import static dev.weft.Async.await;
import static dev.weft.Async.yieldNow;
import static dev.weft.net.Wire.bytes;
import static dev.weft.net.Wire.random;
import static dev.weft.net.Wire.writeUntilItWaits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.Task;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/** Writing: what is accepted, when it waits, and what arrives. */
class ByteStreamWriteTest {
    @StreamTest
    void anArrayMayBeReusedAtOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] bytes = {1, 2, 3};
            here.write(bytes);
            bytes[0] = 99;
            ByteBuffer buffer = ByteBuffer.wrap(new byte[] {0, 4, 5, 0}, 1, 2);
            here.write(buffer);
            assertThat(buffer.remaining()).isZero();
            buffer.put(1, (byte) 99);
            assertThat(there.readExactly(5)).containsExactly(1, 2, 3, 4, 5);
        });
    }

    @StreamTest
    void partsAreWrittenTogether(Wire on) throws Exception {
        on.connected((here, there) -> {
            ByteBuffer head = ByteBuffer.wrap(bytes("xhead")).position(1);
            ByteBuffer body = ByteBuffer.allocateDirect(4).put(bytes("body")).flip();
            here.write(head, body, ByteBuffer.allocate(0));
            assertThat(head.remaining() + body.remaining()).isZero();
            assertThat(there.readExactly(8)).isEqualTo(bytes("headbody"));
        });
    }

    @StreamTest
    void textIsUtf8(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.write("é\ud83d\ude00");
            assertThat(there.readExactly(6)).isEqualTo(bytes("é\ud83d\ude00"));
        });
    }

    @StreamTest
    void nothingWrittenIsNothingSent(Wire on) throws Exception {
        on.connected((here, there) -> {
            for (int i = 0; i < 3; i++) {
                here.write(new byte[0]);
                here.write("");
                here.write(ByteBuffer.allocate(0));
                here.write(new ByteBuffer[0]);
                here.outputStream().write(new byte[9], 5, 0);
                here.flush();
            }
            here.write("x");
            here.write("");
            here.shutdownOutput();
            // No empty chunk comes, which would look like something.
            assertThat(there.read()).containsExactly('x');
            assertThat(there.read()).isNull();
        });
    }

    @StreamTest
    void nullIsRefusedAndNothingIsSent(Wire on) throws Exception {
        on.connected((here, there) -> {
            assertThatThrownBy(() -> here.write((byte[]) null))
                    .isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> here.write(ByteBuffer.allocate(9), null))
                    .isInstanceOf(NullPointerException.class);
            here.write("x");
            assertThat(there.read()).containsExactly('x');
        });
    }

    @StreamTest
    void whatIsWrittenInOneTurnComesTogether(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<byte[]> reader = async(() -> there.readExactly(3));
            here.write("a");
            here.write("b");
            here.write("c");
            assertThat(await(reader)).isEqualTo(bytes("abc"));
        });
    }

    // ---- back-pressure

    /** Until the peer reads, and before it has read all. */
    @StreamTest
    void whoDoesNotReadHoldsTheWriterUp(Wire on) throws Exception {
        on.connected((here, there) -> {
            byte[] sent = on.tooMuch();
            int accepted = writeUntilItWaits(here, sent);
            // Some of it has left since, so the next one may find room: unless it is large.
            ByteBuffer large = ByteBuffer.wrap(sent, accepted, 500_000);
            accepted += large.remaining();
            Task<?> writer = async(() -> here.write(large));
            yieldNow();
            assertThat(writer.isDone()).isFalse();
            int read = 0;
            while (accepted - read > 100_000) { // what is left has room between the two
                byte[] some = there.read();
                assertThat(some).isEqualTo(Arrays.copyOfRange(sent, read, read + some.length));
                read += some.length;
            }
            await(writer);
            assertThat(there.readExactly(accepted - read))
                    .isEqualTo(Arrays.copyOfRange(sent, read, accepted));
        });
    }

    @StreamTest
    void flushingWaitsUntilAllIsHandedOver(Wire on) throws Exception {
        on.connected((here, there) -> {
            here.flush(); // of nothing
            byte[] much = on.tooMuch();
            Task<?> writer =
                    async(() -> {
                        here.write(much);
                        here.flush();
                    });
            yieldNow();
            assertThat(writer.isDone()).isFalse();
            assertThat(there.readExactly(much.length)).isEqualTo(much);
            await(writer);
        });
    }

    @StreamTest
    void whatIsLargerThanAllBuffersComesWhole(Wire on) throws Exception {
        byte[] sent = random(5_000_000);
        on.connected((here, there) -> {
            Task<?> writer =
                    async(() -> {
                        here.write(sent);
                        here.shutdownOutput();
                    });
            assertThat(there.readAll(sent.length)).isEqualTo(sent);
            await(writer);
        });
    }

    @StreamTest(seconds = 60)
    void muchGoesBothWaysAtOnce(Wire on) throws Exception {
        on.connected((here, there) -> {
            Task<byte[]> one = async(() -> send(here, 8 << 20, 3_000));
            Task<byte[]> two = async(() -> send(there, 8 << 20, 100_000));
            Task<byte[]> atHere = async(() -> received(here, 8 << 20));
            Task<byte[]> atThere = async(() -> received(there, 8 << 20));
            assertThat(await(atThere)).isEqualTo(await(one));
            assertThat(await(atHere)).isEqualTo(await(two));
        });
    }

    /** What was sent, as a checksum. */
    private static byte[] send(ByteStream stream, int length, int most) throws Exception {
        MessageDigest sum = MessageDigest.getInstance("SHA-256");
        byte[] all = random(most);
        for (int left = length; left > 0; ) {
            int n = Math.min(left, 1 + Math.floorMod(left * 31, most));
            sum.update(all, 0, n);
            stream.write(ByteBuffer.wrap(all, 0, n));
            left -= n;
        }
        return sum.digest();
    }

    private static byte[] received(ByteStream stream, int length) throws Exception {
        MessageDigest sum = MessageDigest.getInstance("SHA-256");
        for (int left = length; left > 0; ) {
            byte[] part = stream.read();
            sum.update(part);
            left -= part.length;
        }
        return sum.digest();
    }

    // ---- as the JDK's

    @StreamTest
    void theJdksStreamsWrite(Wire on) throws Exception {
        on.connected((here, there) -> {
            DataOutputStream out = new DataOutputStream(here.outputStream());
            out.writeInt(-5);
            out.writeUTF("text");
            out.flush();
            DataInputStream in = new DataInputStream(there.inputStream());
            assertThat(in.readInt()).isEqualTo(-5);
            assertThat(in.readUTF()).isEqualTo("text");
        });
    }

    @StreamTest
    void closingTheJdksStreamClosesAll(Wire on) throws Exception {
        on.connected((here, there) -> {
            try (OutputStream out = here.outputStream()) {
                out.write(bytes("last"));
                out.write(0x1e9);
            }
            assertThat(there.readAll(9)).containsExactly('l', 'a', 's', 't', 0xe9);
            assertThat(here.isOpen()).isFalse();
            assertThatThrownBy(() -> here.outputStream().write(1))
                    .isInstanceOf(StreamClosedException.class);
        });
    }
}
