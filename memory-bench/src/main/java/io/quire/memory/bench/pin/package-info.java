/**
 * What does it cost to hold a page in its frame?
 */
@NullMarked
package io.quire.memory.bench.pin;

import org.jspecify.annotations.NullMarked;
