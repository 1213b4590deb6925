package dev.weft.net.internal;

import dev.weft.net.ByteStream;
import dev.weft.net.TcpOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.lang.invoke.MethodHandles;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What {@code dev.weft.net.netty} may ask of {@code dev.weft.net}, without its being public. */
public abstract class Access {
    private static volatile @Nullable Access instance;

    /** For {@code dev.weft.net} alone. */
    protected Access() {}

    /**
     * Set by {@link ByteStream} when that class is initialised.
     *
     * @param access the implementation
     */
    public static void set(Access access) {
        instance = access;
    }

    /**
     * The implementation.
     *
     * @return always the same
     */
    public static Access get() {
        if (instance == null) {
            try {
                MethodHandles.lookup().ensureInitialized(ByteStream.class);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }
        return Objects.requireNonNull(instance);
    }

    /** Puts a stream at the end of a channel's pipeline; suspends. */
    public abstract ByteStream attach(Channel channel, TcpOptions options);

    /** Puts a handler in the place of a stream; suspends. */
    public abstract Channel detach(ByteStream stream, ChannelHandler handler);
}
