/**
 * Watches the handles that users have to close: what an unreachable handle holds is given back and reported. To watch
 * another kind of handle, extend {@link io.quire.memory.handle.WatchedHandle}.
 */
@NullMarked
package io.quire.memory.handle;

import org.jspecify.annotations.NullMarked;
