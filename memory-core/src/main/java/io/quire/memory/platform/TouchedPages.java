package io.quire.memory.platform;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/** Touches memory page by page, for kernels that cannot be asked to provide it. */
final class TouchedPages {

    private static final long SMALLEST_PAGE_BYTES = 4096;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private TouchedPages() {
    }

    /** Writes to each page without changing its content, even while other threads write there. */
    static void touch(MemorySegment memory) {
        for (long at = 0; at < memory.byteSize(); at += SMALLEST_PAGE_BYTES) {
            INT.getAndAdd(memory, at, 0);
        }
    }
}
