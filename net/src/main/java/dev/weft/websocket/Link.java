package dev.weft.websocket;

import dev.weft.net.internal.LoopNet;
import dev.weft.net.internal.TlsLink;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** A channel on which WebSocket is spoken, and TLS below it if there is any. */
record Link(LoopNet net, Channel channel, @Nullable TlsLink tls) {}
