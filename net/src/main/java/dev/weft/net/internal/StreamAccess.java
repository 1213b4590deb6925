package dev.weft.net.internal;

import dev.weft.net.ByteStream;
import dev.weft.net.ClientTls;
import dev.weft.net.Proxy;
import dev.weft.net.ServerTls;
import dev.weft.net.TcpOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What protocols over streams, and the bridge to Netty, may ask of {@code dev.weft.net}, without
 * its being public.
 */
public abstract class StreamAccess {
    private static volatile @Nullable StreamAccess instance;

    /** For {@code dev.weft.net} alone. */
    protected StreamAccess() {}

    /** Takes a channel over from a stream. On the event loop. */
    public interface Heir {
        /**
         * The channel is open, and has no handlers but TLS's. Those that are added get what the
         * stream had received and nobody had read.
         *
         * @param net the loop's
         * @param channel the channel
         * @param tls null without TLS
         */
        void inherit(LoopNet net, Channel channel, @Nullable TlsLink tls);

        /**
         * There is nothing to take over.
         *
         * @param why what broke the stream
         */
        void missed(RuntimeException why);
    }

    /**
     * Set by {@link ByteStream} when that class is initialised.
     *
     * @param access the implementation
     */
    public static void set(StreamAccess access) {
        instance = access;
    }

    /**
     * The implementation.
     *
     * @return never null
     */
    public static StreamAccess get() {
        StreamAccess access = instance;
        if (access != null) {
            return access;
        }
        try {
            MethodHandles.lookup().ensureInitialized(ByteStream.class);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
        return Objects.requireNonNull(instance);
    }

    /** Reads the files that the options name, unless they were; suspends. */
    public abstract void prepare(ClientTls tls);

    /** Reads the files that the options name, unless they were; suspends. */
    public abstract void prepare(ServerTls tls);

    /**
     * Has a server speak TLS on a new channel: adds to the end of its pipeline. On the event loop,
     * with options that were prepared.
     *
     * @param tls the options
     * @param net the loop's
     * @param channel the channel
     * @return to be told of the handshake's end
     */
    public abstract TlsLink secure(ServerTls tls, LoopNet net, Channel channel);

    /**
     * Hands a stream's channel over, after what was written; the stream is of no use any more.
     * Returns at once.
     *
     * @param stream the stream, which nobody reads or writes
     * @param heir who gets it, on the event loop
     */
    public abstract void handOver(ByteStream stream, Heir heir);

    /** Whether a proxy speaks HTTP. */
    public abstract boolean isHttp(Proxy proxy);

    /**
     * What a proxy of HTTP wants to see, such as {@code Basic …}; null if it has no credentials.
     */
    public abstract @Nullable String basicCredentials(Proxy proxy);

    /** Puts a stream at the end of a channel's pipeline; suspends. */
    public abstract ByteStream attach(Channel channel, TcpOptions options);

    /** Puts a handler in the place of a stream; suspends. */
    public abstract Channel detach(ByteStream stream, ChannelHandler handler);
}
