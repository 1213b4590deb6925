package dev.weft.net;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.UnixPlace;
import dev.weft.netty.NettyBridge;
import io.netty.channel.Channel;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/** A Unix socket's channel: its addresses are Weft's. */
final class UnixConduit extends TcpConduit {
    private final UnixAddress own;
    private final @Nullable UnixAddress given;

    /** Set on the event loop before tasks see this object. */
    private @Nullable UnixAddress peer;

    /**
     * For a channel that is being set up.
     *
     * @param own a server's address; null for a client
     * @param given the server's address, for a client; null for a server's connection
     */
    UnixConduit(
            LoopNet net,
            Channel channel,
            TcpOptions options,
            @Nullable StreamHandler handler,
            @Nullable UnixAddress own,
            @Nullable UnixAddress given) {
        super(net, channel, options, handler);
        this.own = own != null ? own : UnixAddress.unnamed();
        this.given = given;
    }

    @Override
    protected SocketAddress ownAddress() {
        return own;
    }

    @Override
    protected SocketAddress peerAddress() {
        UnixAddress address = peer;
        if (address == null) {
            String path = given != null ? null : UnixPlace.pathOf(channel().remoteAddress());
            address =
                    given != null
                            ? given
                            : path == null ? UnixAddress.unnamed() : UnixPlace.addressOf(path);
            peer = address;
        }
        return address;
    }

    PeerCredentials peerCredentials() {
        Promise<PeerCredentials> told = Promise.create();
        execute(() -> {
            try {
                told.tryComplete(credentials());
            } catch (IOException e) {
                told.tryFail(
                        channel().isOpen()
                                ? broken("tell the peer's credentials", e)
                                : unusable("tell the peer's credentials"));
            } catch (RuntimeException e) {
                told.tryFail(e);
            }
        });
        return Async.await(told);
    }

    /** On the event loop. */
    private PeerCredentials credentials() throws IOException {
        if (!channel().isOpen()) {
            throw new ClosedChannelException();
        }
        var found = NettyBridge.peerCredentials(channel());
        if (found == null) {
            throw new UnsupportedOperationException(
                    "the transport "
                            + net().loop().transport()
                            + " cannot tell a peer's credentials: epoll, io_uring and kqueue can");
        }
        int[] gids = found.gids();
        return new PeerCredentials(found.uid(), gids.length == 0 ? -1 : gids[0], found.pid());
    }

    /** One unnamed peer is not another: addresses of theirs are the same object or not equal. */
    @Override
    public boolean isPeersFault(Throwable failure) {
        return wasIdle(failure)
                || failure instanceof BrokenConnectionException broken
                        && broken.peer() == remoteAddress();
    }
}
