package io.quire.memory.guard;

import io.quire.memory.platform.Apart;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** The two words of a {@link WriterSlot}, which its thread writes with each write. */
abstract sealed class WriterSlotWords extends Apart permits WriterSlot {

    static final long NO = 0;
    static final long YES = 1;

    /** {@link #armed} while the thread puts a page in: it may write, by whatever version. */
    static final long CHANGING = -1;

    static final VarHandle WRITING;
    static final VarHandle ARMED;

    static {
        try {
            WRITING = MethodHandles.lookup().findVarHandle(WriterSlotWords.class, "writing", long.class);
            ARMED = MethodHandles.lookup().findVarHandle(WriterSlotWords.class, "armed", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    /** {@link #YES} while a write is in progress. */
    @SuppressWarnings("UnusedVariable") // read through WRITING
    long writing;

    /** The version by which the thread may write, plus one; {@link #CHANGING}; 0 if it has to arm before it writes. */
    long armed;
}
