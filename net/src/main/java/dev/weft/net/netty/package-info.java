/** The bridge to Netty: a channel as a stream, and a stream as a channel. */
@NullMarked
package dev.weft.net.netty;

import org.jspecify.annotations.NullMarked;
