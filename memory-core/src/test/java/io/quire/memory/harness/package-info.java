/** Random histories of everything a user can do, compared with a model made of plain arrays. */
@NullMarked
package io.quire.memory.harness;

import org.jspecify.annotations.NullMarked;
