/**
 * Two threads race on one word or one page, millions of times. There is a class for each ordering tag of the core, and
 * for each pair of operations that can meet. {@code docs/ordering.md} says which class tests which tag.
 */
@NullMarked
package io.quire.memory.stress;

import org.jspecify.annotations.NullMarked;
