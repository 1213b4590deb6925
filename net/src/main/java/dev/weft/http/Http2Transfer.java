package dev.weft.http;

import io.netty.handler.codec.http2.Http2Stream;

/** What an exchange has come to on its stream. Owned by the event loop. */
final class Http2Transfer {
    final Exchange exchange;
    final Http2Stream stream;

    /** When it began, by {@link System#nanoTime}. */
    final long began = System.nanoTime();

    /** How many frames of the connection had been read when something of this had come last. */
    long seen;

    /** How much of the request's body was given to be written. */
    long given;

    /** The end of the request was given to be written. */
    boolean outputEnded;

    /** How many responses of 1xx have come. */
    int informationals;

    /** The final response has begun. */
    boolean responded;

    /** There is to be no body, whatever the headers say. */
    boolean bodiless;

    /** How long the response's body is to be; -1 if that was not said. */
    long expected = -1;

    /** How much of it has come. */
    long received;

    /** It has ended for the exchange: nothing that comes is of interest any more. */
    boolean over;

    Http2Transfer(Exchange exchange, Http2Stream stream, long seen) {
        this.exchange = exchange;
        this.stream = stream;
        this.seen = seen;
    }
}
