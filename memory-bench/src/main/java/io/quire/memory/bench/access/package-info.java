/**
 * What does a word cost at a random address?
 */
@NullMarked
package io.quire.memory.bench.access;

import org.jspecify.annotations.NullMarked;
