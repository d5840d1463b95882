/**
 * What the operating system does for this library: one Java method for each native function, and the answer to
 * whether native functions may be called at all. Nothing above this package names a {@code Linker}.
 */
@NullMarked
package io.quire.memory.platform;

import org.jspecify.annotations.NullMarked;
