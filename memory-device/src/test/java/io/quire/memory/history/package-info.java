/** Random histories of spaces, devices and pins, compared with a model, and helpers that other tests use too. */
@NullMarked
package io.quire.memory.history;

import org.jspecify.annotations.NullMarked;
