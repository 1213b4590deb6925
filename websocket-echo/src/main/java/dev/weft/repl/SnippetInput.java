package dev.weft.repl;

import java.io.IOException;
import java.io.InputStream;

/**
 * What snippets read: lines that come through the prompt's own reader, which would otherwise take
 * them away. jshell's stream gives one byte a call, and signed ones; here a read of many gives no
 * more than a line, so that nobody waits for lines that are not wanted yet.
 */
final class SnippetInput extends InputStream {
    private final InputStream prompt;

    SnippetInput(InputStream prompt) {
        this.prompt = prompt;
    }

    @Override
    public int read() throws IOException {
        try {
            return prompt.read() & 0xff;
        } catch (RuntimeException e) {
            // The line editor's way to say that the input has ended; the type is internal to it.
            return -1;
        }
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int n = 0;
        for (int b = 0; n < length && b != '\n'; n++) {
            b = read();
            if (b < 0) {
                return n == 0 ? -1 : n;
            }
            bytes[offset + n] = (byte) b;
        }
        return n;
    }
}
