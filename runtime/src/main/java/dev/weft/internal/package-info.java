/** What the packages of this module share and nobody else sees. */
@org.jspecify.annotations.NullMarked
package dev.weft.internal;
