package dev.weft.it;

/** A running {@code ./weft echo --serve}. */
record EchoServer(Program program, String url) implements AutoCloseable {
    private static final String READY = "listening on ";

    /** Starts one on a free port, and waits until it listens. */
    static EchoServer start(String... options) {
        String[] words = new String[options.length + 2];
        words[0] = "echo";
        words[1] = "--serve";
        System.arraycopy(options, 0, words, 2, options.length);
        return of(Checkout.weft(words));
    }

    /** Waits until the program listens. */
    static EchoServer of(Program program) {
        try {
            return new EchoServer(program, program.awaitLine(READY).substring(READY.length()));
        } catch (Throwable e) {
            program.close();
            throw e;
        }
    }

    @Override
    public void close() {
        program.close();
    }
}
