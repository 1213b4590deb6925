package dev.weft.net.internal;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What stands at a listening socket: it hands what was accepted to a lane, and accepts nobody while
 * there is no place, nor for a time after accepting has failed.
 *
 * <p>Accepting fails when the process, or the system, has no file descriptor left, or no memory.
 * The client stays in the backlog, so that the socket stays ready, and to try again at once would
 * be a busy loop. So it rests for a second, or until one of the server's own connections ends.
 */
final class Gate extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

    private static final long REST_MILLIS = 1000;

    /** When it has not failed for so long, the next failure is news. */
    private static final long EPISODE_NANOS = Duration.ofSeconds(10).toNanos();

    private final Admission admission;
    private final Listener.Place place;
    private final Supplier<Lane> lanes;

    // Made beforehand: without a file descriptor, classes may not be found.
    private final Runnable refresh = this::refresh;
    private final Runnable wakeUp = this::wakeUp;

    /** Set on the event loop, before it is bound. */
    private volatile @Nullable Channel channel;

    // ---- written by the event loop

    private boolean open;
    private volatile boolean resting;
    private @Nullable ScheduledFuture<?> rest;
    private boolean everFailed;
    private long lastFailure;

    /**
     * For one listening socket.
     *
     * @param admission the server's places
     * @param place what sets a connection's options
     * @param lanes gives the lane for each connection
     */
    Gate(Admission admission, Listener.Place place, Supplier<Lane> lanes) {
        this.admission = admission;
        this.place = place;
        this.lanes = lanes;
    }

    boolean isResting() {
        return resting;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        channel = ctx.channel();
    }

    /** Begins to accept; from any thread. */
    void open() {
        execute(() -> {
            open = true;
            refresh();
        });
    }

    // ---- from any thread

    /** There may be a place, or none any more. */
    void refreshSoon() {
        execute(resting ? wakeUp : refresh);
    }

    /** There is a place for one that was held. */
    void admitSoon(Channel child) {
        if (!execute(() -> admit(child))) {
            refuse(child); // nobody else will, and no thread owns it
            admission.leave();
        }
    }

    /** There will be none for one that was held. */
    void refuseSoon(Channel child) {
        if (!execute(() -> refuse(child))) {
            refuse(child);
        }
    }

    /** Whether it will be run: not if the loop has closed. */
    private boolean execute(Runnable action) {
        try {
            Objects.requireNonNull(channel).eventLoop().execute(action);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: its loop has closed", channel, e);
            return false;
        }
    }

    // ---- the event loop

    private void refresh() {
        Channel c = Objects.requireNonNull(channel);
        if (c.isOpen()) {
            c.config().setAutoRead(open && !resting && !admission.isFull());
        }
    }

    private void wakeUp() {
        resting = false;
        refresh();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Channel child = (Channel) message;
        boolean admitted = admission.enter(child, this);
        if (admission.isFull()) {
            refresh(); // now, so that no more are accepted
        }
        if (admitted) {
            admit(child);
        }
    }

    private void admit(Channel child) {
        Lane lane = lanes.get();
        if (!lane.enter(child)) {
            refuse(child);
            admission.leave();
            return;
        }
        try {
            child.config().setAllocator(Buffers.ALLOCATOR);
            child.config().setRecvByteBufAllocator(Buffers.sizes());
            child.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            place.configure(child);
            child.pipeline().addLast(lane.initializer());
            lane.net()
                    .eventLoop()
                    .register(child)
                    .addListener(f -> {
                        if (!f.isSuccess()) {
                            fail(lane, child, f.cause());
                        }
                    });
        } catch (RuntimeException e) {
            fail(lane, child, e);
        }
    }

    private static void fail(Lane lane, Channel child, Throwable cause) {
        LOG.debug("{} was accepted, but cannot be used", child, cause);
        child.unsafe().closeForcibly();
        lane.left(child);
    }

    /** Closes one that no loop knows. */
    void refuse(Channel child) {
        child.unsafe().closeForcibly();
    }

    @Override
    @SuppressWarnings("deprecation") // not of inbound handlers, Netty says
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        long now = System.nanoTime();
        if (!everFailed || now - lastFailure > EPISODE_NANOS) {
            LOG.warn(
                    "cannot accept connections for now on {}, tries again: {}",
                    ctx.channel(),
                    cause.toString());
        }
        everFailed = true;
        lastFailure = now;
        resting = true;
        refresh();
        ScheduledFuture<?> before = rest;
        if (before != null) {
            before.cancel(false);
        }
        rest = ctx.executor().schedule(wakeUp, REST_MILLIS, TimeUnit.MILLISECONDS);
    }
}
