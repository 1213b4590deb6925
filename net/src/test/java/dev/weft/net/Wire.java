package dev.weft.net;

import static dev.weft.Async.await;
import static dev.weft.Async.group;
import static dev.weft.Async.timeout;
import static dev.weft.Async.yieldNow;

import dev.weft.DeadlineExceededException;
import dev.weft.LoopClock;
import dev.weft.LoopOptions;
import dev.weft.Promise;
import dev.weft.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * What carries the bytes of a {@link StreamTest}: a medium on a transport. All that a stream does
 * is the same on each of them, but for what the methods here say, whose reasons stand in
 * docs/known-issues.md or with the options.
 *
 * @param medium what lies between the two ends
 * @param transport the loop's; NONE has a virtual clock
 */
record Wire(Medium medium, Transport transport) {
    /** What lies between the two ends. */
    enum Medium {
        MEMORY,
        TCP,
        UNIX,
        TLS_1_3,
        TLS_1_2,
        TLS_BORINGSSL,
        TLS_IN_MEMORY
    }

    /** A body that has both ends of a connection. */
    interface Ends {
        void run(ByteStream here, ByteStream there) throws Exception;
    }

    private static final AtomicInteger FILES = new AtomicInteger();
    private static final Path FOLDER = folder();

    /** What Linux is told to buffer of TCP on each side; it takes twice that at most. */
    private static final int SYSTEM_BUFFER = 256 << 10;

    /** The options are costly to prepare: once. */
    private static final ServerTls SERVER =
            ServerTls.of(Certs.identity(Certs.LOCALHOST)).provider(TlsProvider.JDK);

    private static final ServerTls BORING_SERVER = SERVER.provider(TlsProvider.OPENSSL);
    private static final ClientTls CLIENT =
            ClientTls.defaults().trust(Certs.TRUST).provider(TlsProvider.JDK);
    private static final ClientTls CLIENT_1_2 = CLIENT.protocols("TLSv1.2");
    private static final ClientTls BORING_CLIENT = CLIENT.provider(TlsProvider.OPENSSL);

    /**
     * All that work here, or, with {@code -Dweft.test.wire}, those whose names begin so: {@code
     * TCP}, {@code "TCP on NIO"}. io_uring only in the long form, or with {@code
     * -Dweft.test.io_uring=true}: see docs/known-issues.md.
     */
    static Stream<Wire> all() {
        boolean uring = Boolean.getBoolean("weft.long") || Boolean.getBoolean("weft.test.io_uring");
        return Stream.of(
                        Stream.of(Transport.NONE)
                                .flatMap(t ->
                                        Stream.of(
                                                new Wire(Medium.MEMORY, t),
                                                new Wire(Medium.TLS_IN_MEMORY, t))),
                        Stream.of(Transport.EPOLL, Transport.KQUEUE)
                                .flatMap(t -> Stream.of(Medium.values()).map(m -> new Wire(m, t))),
                        Stream.of(Transport.NIO, Transport.IO_URING)
                                .filter(t -> uring || t != Transport.IO_URING)
                                .flatMap(t ->
                                        Stream.of(Medium.TCP, Medium.UNIX, Medium.TLS_1_3)
                                                .map(m -> new Wire(m, t))))
                .flatMap(wires -> wires)
                .filter(w -> w.toString().startsWith(System.getProperty("weft.test.wire", "")))
                .filter(w -> w.transport.unavailableBecause() == null)
                .filter(w -> w.transport == Transport.NONE || w.medium != Medium.TLS_IN_MEMORY);
    }

    // ---- in what they differ

    /** What not all of them do. */
    enum Trait {
        /**
         * One direction goes on when the other has ended. In TLS 1.2, and with BoringSSL, the
         * peer's end is answered at once by one's own; Netty's io_uring closes Unix sockets.
         */
        ENDS_EACH_DIRECTION_ALONE,

        /** The contrary. */
        ENDS_BOTH_TOGETHER,

        /** The stream stays open when the peer has ended its output, if only for reading. */
        OUTLIVES_THE_PEERS_END,

        /** The peer can tell an abort from an orderly end. A Unix socket has no reset. */
        SHOWS_ABORTS
    }

    boolean has(Trait trait) {
        boolean unixOnUring = medium == Medium.UNIX && transport == Transport.IO_URING;
        boolean together =
                medium == Medium.TLS_1_2 || medium == Medium.TLS_BORINGSSL || unixOnUring;
        return switch (trait) {
            case ENDS_EACH_DIRECTION_ALONE -> !together;
            case ENDS_BOTH_TOGETHER -> together;
            case OUTLIVES_THE_PEERS_END -> !unixOnUring;
            case SHOWS_ABORTS -> medium != Medium.UNIX;
        };
    }

    /** Whether nothing but this loop takes part, so that things happen the same way each time. */
    boolean isVirtual() {
        return transport == Transport.NONE;
    }

    /** More than fits between the two ends, so that whoever writes it waits for a reader. */
    byte[] tooMuch() {
        boolean system = !isVirtual() && medium != Medium.MEMORY && medium != Medium.UNIX;
        return random(system ? 16 * SYSTEM_BUFFER : 2 << 20);
    }

    /**
     * Writes until a write waits for longer than it takes a peer to read.
     *
     * @return how many bytes were accepted, those of the last write included
     */
    static int writeUntilItWaits(ByteStream stream, byte[] bytes) {
        int part = 10_000;
        for (int accepted = 0; accepted < bytes.length - part; ) {
            ByteBuffer next = ByteBuffer.wrap(bytes, accepted, part);
            accepted += part; // whether or not it gives up
            try {
                timeout(Duration.ofMillis(20), () -> stream.write(next));
            } catch (DeadlineExceededException e) {
                return accepted;
            }
        }
        throw new AssertionError("all could be written");
    }

    /** Bytes in which each place looks different. */
    static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    boolean isTls() {
        return switch (medium) {
            case MEMORY, TCP, UNIX -> false;
            case TLS_1_3, TLS_1_2, TLS_BORINGSSL, TLS_IN_MEMORY -> true;
        };
    }

    // ---- connecting

    LoopOptions options() {
        LoopOptions options = LoopOptions.defaults().transport(transport);
        return isVirtual() ? options.clock(LoopClock.virtual()) : options;
    }

    /** What is made once and kept must not look like a leak. */
    void warmUp() {
        if (isTls()) {
            SERVER.context();
            BORING_SERVER.context();
            CLIENT.context();
            CLIENT_1_2.context();
            BORING_CLIENT.context();
        }
    }

    /** The system's buffers as small as {@link #tooMuch} counts on: they would grow otherwise. */
    static TcpOptions bounded(TcpOptions options) {
        return options.sendBufferBytes(SYSTEM_BUFFER).receiveBufferBytes(SYSTEM_BUFFER);
    }

    void connected(Ends body) throws Exception {
        connected(o -> o, body);
    }

    /**
     * Opens a connection, and closes it when the body has ended.
     *
     * @param change what to change in the options of both ends
     */
    void connected(UnaryOperator<TcpOptions> change, Ends body) throws Exception {
        TcpOptions options = change.apply(bounded(TcpOptions.defaults()));
        switch (medium) {
            case MEMORY -> inMemory(options, body);
            case TLS_IN_MEMORY -> inMemory(options, upgraded(body));
            case TCP -> byTcp(options, options, body);
            case UNIX -> byUnix(options, body);
            case TLS_1_3 -> byTcp(options.tls(SERVER), options.tls(CLIENT), body);
            case TLS_1_2 -> byTcp(options.tls(SERVER), options.tls(CLIENT_1_2), body);
            case TLS_BORINGSSL ->
                    byTcp(options.tls(BORING_SERVER), options.tls(BORING_CLIENT), body);
        }
    }

    private static void inMemory(TcpOptions options, Ends body) throws Exception {
        try (MemoryPair pair = MemoryPair.open(options)) {
            body.run(pair.here(), pair.there());
        }
    }

    private static Ends upgraded(Ends body) {
        return (here, there) -> {
            group(g -> {
                g.async(() -> there.upgradeToTls(SERVER));
                here.upgradeToTls(CLIENT, "localhost");
            });
            body.run(here, there);
        };
    }

    private interface Listening {
        Server listen(StreamHandler handler);
    }

    private interface Connecting {
        ByteStream connect(Server server);
    }

    private static void byTcp(TcpOptions server, TcpOptions client, Ends body) throws Exception {
        served(
                handler -> Tcp.listen("127.0.0.1", 0, server, handler),
                s -> Tcp.connect("localhost", s.port(), client),
                body);
    }

    private static void byUnix(TcpOptions options, Ends body) throws Exception {
        Path path = FOLDER.resolve("s" + FILES.incrementAndGet());
        UnixOptions unix =
                UnixOptions.defaults()
                        .closeTimeout(options.closeTimeout())
                        .maxLineBytes(options.maxLineBytes());
        served(
                handler -> Unix.listen(UnixAddress.of(path), unix, handler),
                _ -> Unix.connect(UnixAddress.of(path), unix),
                body);
    }

    private static void served(Listening listening, Connecting connecting, Ends body)
            throws Exception {
        Promise<ByteStream> accepted = Promise.create();
        Promise<Void> done = Promise.create();
        try (Server server =
                        listening.listen(stream -> {
                            if (accepted.tryComplete(stream)) {
                                await(done);
                            }
                        });
                ByteStream here = connecting.connect(server)) {
            try {
                body.run(here, await(accepted));
            } finally {
                here.abort();
                done.tryComplete(null);
            }
        }
    }

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory("weft");
            folder.toFile().deleteOnExit();
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what tests share

    /**
     * Sends one part after another, each when the peer's answer shows that it has come. The peer's
     * task may be reading meanwhile.
     */
    static void sendApart(ByteStream from, ByteStream to, String... parts) {
        for (String part : parts) {
            sendApart(from, to, bytes(part));
        }
    }

    static void sendApart(ByteStream from, ByteStream to, byte[] part) {
        from.write(part);
        from.flush();
        to.write("seen?");
        from.readExactly(5);
        yieldNow();
    }

    @Override
    public String toString() {
        return medium + " on " + transport;
    }
}
