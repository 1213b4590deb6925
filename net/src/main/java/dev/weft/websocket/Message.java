package dev.weft.websocket;

import java.util.Arrays;

/** A message that was received: text or bytes, whole, however many fragments it came in. */
public sealed interface Message {
    /**
     * Text.
     *
     * @param text the message; its UTF-8 was valid
     */
    record Text(String text) implements Message {}

    /**
     * Bytes.
     *
     * @param bytes the message; the receiver's own array
     */
    @SuppressWarnings("ArrayRecordComponent") // compared below by what is in it
    record Binary(byte[] bytes) implements Message {
        @Override
        public boolean equals(Object other) {
            return other instanceof Binary b && Arrays.equals(bytes, b.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return "Binary[" + bytes.length + " bytes]";
        }
    }
}
