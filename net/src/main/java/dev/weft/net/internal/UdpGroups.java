package dev.weft.net.internal;

import dev.weft.Async;
import dev.weft.Promise;
import dev.weft.net.ListenFailedException;
import dev.weft.net.StreamClosedException;
import dev.weft.net.UdpOptions;
import io.netty.channel.ChannelFuture;
import io.netty.channel.socket.DatagramChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Joining and leaving multicast groups. */
public final class UdpGroups {
    private UdpGroups() {}

    /**
     * What is joined or left.
     *
     * @param group the group
     * @param by the network interface; null for the default
     * @param source the only sender; null for all
     */
    public record Membership(
            InetAddress group, @Nullable NetworkInterface by, @Nullable InetAddress source) {
        /** Checks nothing but that there is a group. */
        public Membership {
            Objects.requireNonNull(group, "group must not be null");
        }
    }

    /**
     * Joins or leaves; suspends.
     *
     * @param conduit the socket's
     * @param options the socket's
     * @param join whether to join
     * @param wanted what
     */
    public static void change(
            UdpConduit conduit, UdpOptions options, boolean join, Membership wanted) {
        InetAddress own = conduit.localAddress().getAddress();
        requireFits(wanted, own);
        if (!conduit.isOpen()) {
            throw new StreamClosedException(
                    "cannot " + verb(join) + " a group: " + conduit + " is closed");
        }
        NetworkInterface by =
                Async.offload(() -> interfaceFor(wanted, options.multicastInterface(), own));
        Membership exact = new Membership(wanted.group, by, wanted.source);
        if (!join && !conduit.memberships().contains(exact)) {
            // The JDK would say nothing.
            throw failure(wanted, false, new IOException("it was not joined"));
        }
        Promise<@Nullable Void> done = Promise.create();
        conduit.net()
                .eventLoop()
                .execute(() -> {
                    try {
                        start(conduit.channel(), join, wanted, by)
                                .addListener(f -> end(done, wanted, join, f.cause()));
                    } catch (RuntimeException e) {
                        end(done, wanted, join, e);
                    }
                });
        Async.await(done);
        if (join) {
            conduit.memberships().add(exact);
        } else {
            conduit.memberships().remove(exact);
        }
    }

    private static String verb(boolean join) {
        return join ? "join" : "leave";
    }

    private static void requireFits(Membership wanted, InetAddress own) {
        InetAddress group = wanted.group;
        if (!group.isMulticastAddress()) {
            throw new IllegalArgumentException("group must be a multicast address, was " + group);
        }
        if (group.getClass() != own.getClass()) {
            throw new IllegalArgumentException(
                    "group must be of the family of the socket's own address, "
                            + own.getHostAddress()
                            + ", was "
                            + group
                            + ": bind it to 0.0.0.0 for IPv4, to :: for IPv6");
        }
        if (wanted.source != null && wanted.source.getClass() != group.getClass()) {
            throw new IllegalArgumentException(
                    "source must be of the group's family, was " + wanted.source);
        }
    }

    private static ChannelFuture start(
            DatagramChannel channel, boolean join, Membership wanted, NetworkInterface by) {
        return join
                ? channel.joinGroup(wanted.group, by, wanted.source)
                : channel.leaveGroup(wanted.group, by, wanted.source);
    }

    private static void end(
            Promise<@Nullable Void> done,
            Membership wanted,
            boolean join,
            @Nullable Throwable cause) {
        if (cause == null) {
            done.tryComplete(null);
            return;
        }
        done.tryFail(
                failure(wanted, join, cause instanceof IOException e ? e : new IOException(cause)));
    }

    private static ListenFailedException failure(
            Membership wanted, boolean join, IOException cause) {
        String group = wanted.group.getHostAddress();
        return new ListenFailedException(
                "cannot " + verb(join) + " the group " + group + ": " + cause.getMessage(),
                group,
                0,
                cause);
    }

    /** The one that is wanted, else that of the bound address, else the first that will do. */
    private static NetworkInterface interfaceFor(
            Membership wanted, @Nullable NetworkInterface preferred, InetAddress own)
            throws IOException {
        if (wanted.by != null) {
            return wanted.by;
        }
        if (preferred != null) {
            return preferred;
        }
        NetworkInterface bound =
                own.isAnyLocalAddress() ? null : NetworkInterface.getByInetAddress(own);
        if (bound != null) {
            return bound;
        }
        NetworkInterface loopback = null;
        for (NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
            boolean fits =
                    each.isUp()
                            && each.inetAddresses().anyMatch(a -> a.getClass() == own.getClass());
            if (fits && each.isLoopback()) {
                loopback = each;
            } else if (fits && each.supportsMulticast()) {
                return each;
            }
        }
        if (loopback == null) {
            throw new IOException("no network interface has multicast");
        }
        return loopback;
    }
}
