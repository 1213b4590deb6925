package dev.weft.repl;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Input that is no terminal: its last line has an end, as jshell passes over one without. */
final class PipedInput extends FilterInputStream {
    private int last = '\n';

    PipedInput(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        int b = super.read();
        if (b < 0 && last != '\n') {
            b = '\n';
        }
        last = b < 0 ? '\n' : b;
        return b;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        int b = read();
        if (b < 0) {
            return -1;
        }
        bytes[offset] = (byte) b;
        return 1;
    }
}
