/** The prompt at which {@code await} works: the JDK's jshell on a live loop. */
@NullMarked
package dev.weft.repl;

import org.jspecify.annotations.NullMarked;
