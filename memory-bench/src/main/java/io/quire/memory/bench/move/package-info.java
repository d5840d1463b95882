/**
 * What does it cost to move pages between the host and a device?
 */
@NullMarked
package io.quire.memory.bench.move;

import org.jspecify.annotations.NullMarked;
