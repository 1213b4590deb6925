/** WebSocket (RFC 6455), client and server: whole messages over a connection that stays open. */
@NullMarked
package dev.weft.websocket;

import org.jspecify.annotations.NullMarked;
