package dev.weft.net;

import io.netty.buffer.ByteBuf;

/** Looks for separators in what was read. */
final class Separators {
    private Separators() {}

    /**
     * Where the separator that ends first ends.
     *
     * @param buffer what was read
     * @param from where to begin, counted from the first readable byte
     * @param separators none of them empty
     * @return counted from the first readable byte; -1 if there is none
     */
    static int endOfFirst(ByteBuf buffer, int from, byte[]... separators) {
        int end = -1;
        for (byte[] separator : separators) {
            int limit = end < 0 ? buffer.readableBytes() : end;
            int index = indexOf(buffer, from, limit, separator);
            if (index >= 0) {
                end = index + separator.length;
            }
        }
        return end;
    }

    /** Where a separator begins that ends at the limit or before. */
    private static int indexOf(ByteBuf buffer, int from, int limit, byte[] separator) {
        int start = buffer.readerIndex();
        int last = start + limit - separator.length;
        for (int i = start + from; i <= last; i++) {
            i = buffer.indexOf(i, last + 1, separator[0]);
            if (i < 0) {
                return -1;
            }
            if (matches(buffer, i, separator)) {
                return i - start;
            }
        }
        return -1;
    }

    private static boolean matches(ByteBuf buffer, int index, byte[] separator) {
        for (int i = 1; i < separator.length; i++) {
            if (buffer.getByte(index + i) != separator[i]) {
                return false;
            }
        }
        return true;
    }
}
