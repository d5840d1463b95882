/**
 * What this library needs of the operating system: one Java method for each native function, and {@code NativeAccess},
 * which says if native functions may be called at all. No other package uses a {@code Linker}.
 */
@NullMarked
package io.quire.memory.platform;

import org.jspecify.annotations.NullMarked;
