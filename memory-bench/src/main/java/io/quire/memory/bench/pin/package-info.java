/**
 * What does it cost to pin a page?
 */
@NullMarked
package io.quire.memory.bench.pin;

import org.jspecify.annotations.NullMarked;
