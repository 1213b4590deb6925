/** HTTP: requests, their headers, bodies and cookies. */
@NullMarked
package dev.weft.http;

import org.jspecify.annotations.NullMarked;
