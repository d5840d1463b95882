/** Random histories over forks, devices and pins, compared with a model, and what their tests share. */
@NullMarked
package io.quire.memory.history;

import org.jspecify.annotations.NullMarked;
