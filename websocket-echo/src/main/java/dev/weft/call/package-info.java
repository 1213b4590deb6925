/** One HTTP call from the command line: what {@code ./weft http} does. */
@NullMarked
package dev.weft.call;

import org.jspecify.annotations.NullMarked;
