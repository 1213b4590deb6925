/** Whole programs: Weft's command line, and peers that nobody here wrote. */
package dev.weft.it;
