/**
 * What users were given and have to close, watched: when nobody can reach it any more, what it holds is given back and
 * reported. To have a kind of handle watched, extend {@link io.quire.memory.handle.WatchedHandle}.
 */
@NullMarked
package io.quire.memory.handle;

import org.jspecify.annotations.NullMarked;
