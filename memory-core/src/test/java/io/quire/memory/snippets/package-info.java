/** The examples of the Javadoc: each {@code {@snippet}} shows a region of a test here, so it compiles and runs. */
@NullMarked
package io.quire.memory.snippets;

import org.jspecify.annotations.NullMarked;
