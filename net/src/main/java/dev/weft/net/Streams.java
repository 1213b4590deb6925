package dev.weft.net;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Objects;

/** A {@link ByteStream} as the JDK's streams. */
final class Streams {
    private Streams() {}

    static final class Input extends InputStream {
        private final ByteStream stream;
        private final byte[] one = new byte[1];

        Input(ByteStream stream) {
            this.stream = stream;
        }

        @Override
        public int read() {
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            return length == 0 ? 0 : stream.read(bytes, offset, length);
        }

        @Override
        public int available() {
            return stream.available();
        }

        @Override
        public void close() {
            stream.close();
        }
    }

    static final class Output extends OutputStream {
        private final ByteStream stream;

        Output(ByteStream stream) {
            this.stream = stream;
        }

        @Override
        public void write(int b) {
            stream.writeOwned(new byte[] {(byte) b});
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            Objects.checkFromIndexSize(offset, length, bytes.length);
            stream.writeOwned(Arrays.copyOfRange(bytes, offset, offset + length));
        }

        @Override
        public void flush() {
            stream.flush();
        }

        @Override
        public void close() {
            stream.close();
        }
    }
}
