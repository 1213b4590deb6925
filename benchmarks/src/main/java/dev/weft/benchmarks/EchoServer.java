package dev.weft.benchmarks;

import dev.weft.SchedulerMode;
import java.util.Locale;

/** A server process: starts one kind of server, says where it listens, ends with its parent. */
public final class EchoServer {
    private EchoServer() {}

    /** What a server is made of. */
    enum Kind {
        NETTY("Netty, raw handler"),
        WEFT("Weft, loop mode"),
        WEFT_PORTABLE("Weft, portable mode"),
        VERTX("Vert.x 5.2");

        final String title;

        Kind(String title) {
            this.title = title;
        }
    }

    /** Serves until standard input ends; the only argument is the kind. */
    public static void main(String[] args) throws Exception {
        Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
        int port =
                switch (kind) {
                    case NETTY -> NettyEcho.start();
                    case WEFT -> WeftEcho.start(SchedulerMode.LOOP);
                    case WEFT_PORTABLE -> WeftEcho.start(SchedulerMode.PORTABLE);
                    case VERTX -> VertxEcho.start();
                };
        System.out.println("listening " + port);
        while (System.in.read() >= 0) {
            // Only the end counts: the parent has gone, or wants this process to.
        }
        Runtime.getRuntime().halt(0);
    }
}
