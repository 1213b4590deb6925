package dev.weft.http;

import dev.weft.net.EndOfStreamException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The server's side of HTTP/2 (RFC 9113) by hand: each frame as the script has it. */
final class RudeHttp2 {
    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int ACK = 1;
    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    static final int REFUSED_STREAM = 7;

    private static final int PREFACE_BYTES = 24;
    private static final int HEAD_BYTES = 9;

    /** {@code :status: 200}, of HPACK's static table. */
    static final byte[] STATUS_200 = {(byte) 0x88};

    /** What came from the client. */
    record Frame(int type, int flags, int stream, byte[] payload) {}

    /** What to do once both sides have greeted each other. */
    interface Script {
        void run(RudeHttp2 http) throws Exception;
    }

    final RudeServer.Peer peer;

    private RudeHttp2(RudeServer.Peer peer) {
        this.peer = peer;
    }

    /** Greets, and goes on by the script. */
    static RudeServer.Script of(Script script) {
        return peer -> {
            RudeHttp2 http = new RudeHttp2(peer);
            peer.stream.readExactly(PREFACE_BYTES);
            http.send(SETTINGS, 0, 0);
            script.run(http);
        };
    }

    /** Takes a request, and goes on by the script, with the number of its stream. */
    static RudeServer.Script after(ScriptOfOne script) {
        return of(http -> {
            int stream = http.request();
            script.run(http, stream);
            peer(http).stay();
        });
    }

    /** What to do with the first request. */
    interface ScriptOfOne {
        void run(RudeHttp2 http, int stream) throws Exception;
    }

    private static RudeServer.Peer peer(RudeHttp2 http) {
        return http.peer;
    }

    /** Answers all requests rightly. */
    static RudeServer.Script right(String body) {
        return of(http -> {
            for (int stream; (stream = http.request()) != 0; ) {
                http.answer(stream, body);
            }
        });
    }

    void answer(int stream, String body) {
        send(HEADERS, END_HEADERS, stream, STATUS_200);
        send(DATA, END_STREAM, stream, RudeServer.latin1(body));
    }

    static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(HEAD_BYTES + payload.length)
                .putShort((short) (payload.length >> 8))
                .put((byte) payload.length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    void send(int type, int flags, int stream, byte... payload) {
        peer.send(frame(type, flags, stream, payload));
    }

    static byte[] int32(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
        for (int value : values) {
            bytes.putInt(value);
        }
        return bytes.array();
    }

    /** A setting's number and value, as often as there are two. */
    static byte[] settings(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(3 * values.length);
        for (int i = 0; i < values.length; i += 2) {
            bytes.putShort((short) values[i]).putInt(values[i + 1]);
        }
        return bytes.array();
    }

    /** A header block of literals, names and values in turn; none longer than 126 bytes. */
    static byte[] block(String... fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        for (int i = 0; i < fields.length; i += 2) {
            block.write(0);
            literal(block, fields[i]);
            literal(block, fields[i + 1]);
        }
        return block.toByteArray();
    }

    private static void literal(ByteArrayOutputStream to, String text) {
        byte[] bytes = RudeServer.latin1(text);
        if (bytes.length > 126) {
            throw new IllegalArgumentException("too long for a length of one byte: " + text);
        }
        to.write(bytes.length);
        to.writeBytes(bytes);
    }

    /** The next frame; null at the end. */
    @Nullable Frame read() {
        byte[] head;
        try {
            head = peer.stream.readExactly(HEAD_BYTES);
        } catch (EndOfStreamException e) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(head);
        int length = (bytes.getShort() & 0xffff) << 8 | bytes.get() & 0xff;
        return new Frame(bytes.get(), bytes.get(), bytes.getInt(), peer.stream.readExactly(length));
    }

    /** The stream of the next request, whose head alone was read; 0 at the end. */
    int request() {
        for (Frame frame; (frame = read()) != null; ) {
            if (frame.type == SETTINGS && (frame.flags & ACK) == 0) {
                send(SETTINGS, ACK, 0);
            } else if (frame.type == HEADERS) {
                return frame.stream;
            }
        }
        return 0;
    }

    /** Sends the same again and again, as fast as the client takes it, until it has had enough. */
    void flood(byte[] part) {
        peer.flood(new String(part, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
}
