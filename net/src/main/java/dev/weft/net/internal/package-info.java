/** What the packages of this module share and nobody else sees: Netty's side of a connection. */
@NullMarked
package dev.weft.net.internal;

import org.jspecify.annotations.NullMarked;
