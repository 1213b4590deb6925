package dev.weft;

import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoOps;

/**
 * Mends a defect of Netty 4.2.18: a channel that is interested in nothing for a moment (reading
 * paused, or the peer's output ended, and nothing to write) is taken out of epoll, but still counts
 * as being there, so that the next interest fails with ENOENT and breaks the connection. Here it
 * stays in epoll, and is told of an error or a hang-up once.
 */
final class EpollRegistration implements IoRegistration {
    private final IoRegistration registration;

    /** Whether it is in epoll; owned by the event loop. */
    private boolean added;

    EpollRegistration(IoRegistration registration) {
        this.registration = registration;
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's signature
    public <T> T attachment() {
        return registration.attachment();
    }

    @Override
    public long submit(IoOps ops) {
        boolean none = EpollIoOps.NONE.equals(ops);
        if (none && added) {
            return registration.submit(EpollIoOps.EPOLLET);
        }
        added |= !none;
        return registration.submit(ops);
    }

    @Override
    public boolean isValid() {
        return registration.isValid();
    }

    @Override
    public boolean cancel() {
        return registration.cancel();
    }
}
