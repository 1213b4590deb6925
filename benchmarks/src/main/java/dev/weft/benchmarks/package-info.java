/** JMH benchmarks of Weft, and side-by-side runs against its peers. */
@NullMarked
package dev.weft.benchmarks;

import org.jspecify.annotations.NullMarked;
