package dev.weft.websocket;

import org.jspecify.annotations.Nullable;

/**
 * Where the parts of one message go.
 *
 * @see WebSocket#sendFragments
 */
public final class Fragments {
    /** What writes the parts of a message. */
    @FunctionalInterface
    public interface Source {
        /**
         * Writes the parts.
         *
         * @param parts where to
         * @throws Exception any failure: the message cannot be finished, and so the connection is
         *     closed
         */
        void writeTo(Fragments parts) throws Exception;
    }

    private final WebSocketConduit conduit;

    /** Whether the message is text; null before the first part. */
    private @Nullable Boolean text;

    /** The first half of a character whose second half is to come; 0 for none. */
    private char half;

    private boolean ended;

    Fragments(WebSocketConduit conduit) {
        this.conduit = conduit;
    }

    /**
     * Sends the next part of a text message.
     *
     * <p><b>Suspends</b> while more than 64 KiB wait to be sent. <b>Cancellation</b>: the message
     * cannot be finished.
     *
     * @param part some text; may end in the middle of a surrogate pair
     * @throws IllegalStateException if a binary part came before, or the message has ended
     */
    public void send(String part) {
        String whole = half == 0 ? part : half + part;
        half = 0;
        int last = whole.length() - 1;
        if (last >= 0 && Character.isHighSurrogate(whole.charAt(last))) {
            half = whole.charAt(last);
            whole = whole.substring(0, last);
        }
        put(true, WebSocketConduit.utf8(whole), false);
    }

    /**
     * Sends the next part of a binary message; it is copied.
     *
     * <p><b>Suspends</b> and <b>Cancellation</b> as {@link #send(String)}.
     *
     * @param part some bytes
     * @throws IllegalStateException if a text part came before, or the message has ended
     */
    public void send(byte[] part) {
        put(false, part.clone(), false);
    }

    private void put(boolean isText, byte[] bytes, boolean last) {
        if (ended) {
            throw new IllegalStateException("the message has ended: its source has returned");
        }
        Boolean before = text;
        boolean first = before == null;
        if (before != null && before != isText) {
            throw new IllegalStateException("the parts of a message are all text or all binary");
        }
        text = isText;
        conduit.sendPart(isText, bytes, first, last);
    }

    /** Ends the message; an empty one if there was no part. */
    void end() {
        boolean isText = text == null || text;
        byte[] rest = half == 0 ? new byte[0] : WebSocketConduit.utf8(String.valueOf(half));
        put(isText, rest, true);
        ended = true;
    }

    void abandon() {
        ended = true;
    }
}
