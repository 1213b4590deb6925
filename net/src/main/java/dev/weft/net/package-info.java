/** TCP byte streams, connected and served, and what can go wrong with them. */
@NullMarked
package dev.weft.net;

import org.jspecify.annotations.NullMarked;
