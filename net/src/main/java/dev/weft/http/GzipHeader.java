package dev.weft.http;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.zip.CRC32;

/**
 * Reads over the header of a gzip member (RFC 1952, section 2.3), however it is cut into chunks.
 */
final class GzipHeader {
    /** The parts in their order, each with the flag that says it is there. */
    private enum Part {
        FIXED(0),
        EXTRA_LENGTH(4),
        EXTRA(4),
        NAME(8),
        COMMENT(16),
        CHECK(2),
        DONE(0);

        final int flag;

        Part(int flag) {
            this.flag = flag;
        }
    }

    private static final int FIXED_BYTES = 10;
    private static final int RESERVED_FLAGS = 0xe0;

    private final CRC32 crc = new CRC32();
    private final Iterator<Part> parts = EnumSet.allOf(Part.class).iterator();
    private Part part = parts.next();

    /** How many bytes of this part have been read. */
    private int at;

    private int flags;
    private int extraBytes;

    /** Reads until the header has ended, and says whether it has. */
    boolean read(ByteBuf in) throws IOException {
        while (part != Part.DONE && in.isReadable()) {
            int b = in.readUnsignedByte();
            if (part != Part.CHECK) {
                crc.update(b);
            }
            if (isLast(at++, b)) {
                toNextPart();
            }
        }
        return part == Part.DONE;
    }

    /** Takes a byte; true if it is the last one of its part. */
    private boolean isLast(int index, int b) throws IOException {
        return switch (part) {
            case FIXED -> {
                checkFixed(index, b);
                yield index == FIXED_BYTES - 1;
            }
            case EXTRA_LENGTH -> {
                extraBytes |= b << 8 * index;
                yield index == 1;
            }
            case EXTRA -> index == extraBytes - 1;
            case NAME, COMMENT -> b == 0;
            case CHECK -> {
                if (b != (crc.getValue() >> 8 * index & 0xff)) {
                    throw new IOException("corrupt: the header's checksum does not match");
                }
                yield index == 1;
            }
            case DONE -> throw new AssertionError("read beyond the header");
        };
    }

    private void checkFixed(int index, int b) throws IOException {
        switch (index) {
            case 0 -> check(b == 0x1f, "it does not begin as gzip does");
            case 1 -> check(b == 0x8b, "it does not begin as gzip does");
            case 2 -> check(b == 8, "an unknown method");
            case 3 -> {
                check((b & RESERVED_FLAGS) == 0, "unknown flags");
                flags = b;
            }
            default -> {} // the time, the effort, the system
        }
    }

    private static void check(boolean right, String wrong) throws IOException {
        if (!right) {
            throw new IOException("corrupt: " + wrong);
        }
    }

    private void toNextPart() {
        at = 0;
        do {
            part = parts.next();
        } while (part != Part.DONE && isAbsent());
    }

    private boolean isAbsent() {
        return (flags & part.flag) == 0 || part == Part.EXTRA && extraBytes == 0;
    }
}
