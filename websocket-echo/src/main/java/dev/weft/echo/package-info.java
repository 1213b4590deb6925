/** Weft's command line: the WebSocket echo server and client, and the tools. */
@NullMarked
package dev.weft.echo;

import org.jspecify.annotations.NullMarked;
