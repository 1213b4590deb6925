package dev.weft.http;

/** A sink that can take an array over, which saves a copy of each chunk of a file. */
interface OwnedSink extends HttpSink {
    /** As {@link #write(byte[], int, int)}, of an array that nobody changes any more. */
    void writeOwned(byte[] bytes, int offset, int length);

    /** Hands the array over if the sink can take it. */
    static void write(HttpSink sink, byte[] bytes, int offset, int length) {
        if (sink instanceof OwnedSink owned) {
            owned.writeOwned(bytes, offset, length);
        } else {
            sink.write(bytes, offset, length);
        }
    }
}
