package dev.weft.benchmarks;

import dev.weft.SchedulerMode;
import dev.weft.Transport;
import io.netty.channel.uring.IoUring;
import io.netty.util.internal.PlatformDependent;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A server process: starts one kind of server, without TLS and with it, says where it listens, ends
 * with its parent. Asked for {@code memory}, it collects garbage, and answers how many bytes are in
 * use.
 */
public final class EchoServer {
    private EchoServer() {}

    /** What a server is made of. */
    enum Kind {
        NETTY("Netty, raw handler"),
        NETTY_URING("Netty, raw, io_uring"),
        WEFT("Weft, loop mode"),
        WEFT_BYTES("Weft, byte[]"),
        WEFT_URING("Weft, io_uring"),
        WEFT_PORTABLE("Weft, portable mode"),
        VERTX("Vert.x 5.2");

        final String title;

        Kind(String title) {
            this.title = title;
        }

        boolean isUring() {
            return this == NETTY_URING || this == WEFT_URING;
        }

        /** Whether it can be had here. */
        boolean isAvailable() {
            return !isUring() || IoUring.isAvailable();
        }
    }

    /**
     * The ports of a server.
     *
     * @param plain without TLS
     * @param tls with it
     */
    record Ports(int plain, int tls) {}

    private static Ports start(Kind kind, Path certificate, Path key) throws Exception {
        return switch (kind) {
            case NETTY, NETTY_URING -> NettyEcho.start(kind.isUring(), certificate, key);
            case WEFT ->
                    WeftEcho.start(SchedulerMode.LOOP, Transport.AUTO, false, certificate, key);
            case WEFT_BYTES ->
                    WeftEcho.start(SchedulerMode.LOOP, Transport.AUTO, true, certificate, key);
            case WEFT_URING ->
                    WeftEcho.start(SchedulerMode.LOOP, Transport.IO_URING, false, certificate, key);
            case WEFT_PORTABLE ->
                    WeftEcho.start(SchedulerMode.PORTABLE, Transport.AUTO, false, certificate, key);
            case VERTX -> VertxEcho.start(certificate, key);
        };
    }

    /** Serves until standard input ends; the arguments are the kind, a certificate and its key. */
    public static void main(String[] args) throws Exception {
        Kind kind = Kind.valueOf(args[0].toUpperCase(Locale.ROOT));
        Ports ports = start(kind, Path.of(args[1]), Path.of(args[2]));
        Orders.obeyAll(
                "listening " + ports.plain + " " + ports.tls,
                words ->
                        switch (words[0]) {
                            case "memory" -> Long.toString(memory());
                            default -> throw new IllegalArgumentException("unknown: " + words[0]);
                        });
    }

    private static long memory() {
        return TaskProgram.liveHeapBytes() + Math.max(0, PlatformDependent.usedDirectMemory());
    }
}
