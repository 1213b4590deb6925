package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.UnixChannelOption;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Binding a listening socket: what the event loop and the task that waits for it share. It accepts
 * nobody before its {@link Gate} is opened.
 */
final class Binding {
    private final LoopNet net;
    private final int backlog;
    private final Listener.Place place;
    private final Gate gate;
    private final Promise<Channel> bound = Promise.create();

    /** Owned by the event loop. */
    private @Nullable Channel channel;

    /**
     * For one socket.
     *
     * @param net whose event loop it is for
     * @param backlog how many connections may wait in the operating system
     * @param place where to bind
     * @param gate what stands there
     */
    Binding(LoopNet net, int backlog, Listener.Place place, Gate gate) {
        this.net = net;
        this.backlog = backlog;
        this.place = place;
        this.gate = gate;
    }

    /** Binds at the place; suspends, on the loop that it is for. */
    Channel bind() {
        return bind(new Bootstrap(), place.toBind());
    }

    /** As {@link #bind}, beside another socket that allows it; suspends. */
    Channel bindBeside(SocketAddress address) {
        return bind(new Bootstrap().option(UnixChannelOption.SO_REUSEPORT, true), address);
    }

    private Channel bind(Bootstrap bootstrap, SocketAddress address) {
        net.eventLoop().execute(() -> tryToStart(bootstrap, address));
        try {
            return Async.await(bound);
        } catch (Throwable e) {
            net.eventLoop().execute(this::giveUp);
            throw e;
        }
    }

    private void tryToStart(Bootstrap bootstrap, SocketAddress address) {
        try {
            start(bootstrap, address);
        } catch (RuntimeException e) { // such as of a loop that has no sockets
            place.closed();
            bound.tryFail(e);
        }
    }

    private void start(Bootstrap bootstrap, SocketAddress address) {
        place.configure(bootstrap);
        ChannelFuture binding =
                bootstrap
                        .group(net.group())
                        .channelFactory(place.channels(net.loop()))
                        .option(ChannelOption.SO_BACKLOG, backlog)
                        .option(ChannelOption.AUTO_READ, false)
                        .handler(gate)
                        .bind(address);
        channel = binding.channel();
        channel.closeFuture().addListener(f -> place.closed());
        binding.addListener(f -> {
            if (f.isSuccess()) {
                if (!bound.tryComplete(binding.channel())) {
                    giveUp();
                }
            } else if (!bound.isDone()) {
                bound.tryFail(place.failure(f.cause()));
            }
        });
    }

    private void giveUp() {
        if (channel != null && channel.isOpen()) {
            channel.close();
        }
    }
}
