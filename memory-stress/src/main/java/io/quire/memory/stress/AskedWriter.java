package io.quire.memory.stress;

import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.infra.results.II_Result;

/** A writer that writes by version 0, and a watcher that makes version 1 and waits for writers. */
final class AskedWriter {

    private static final Thread OWNER = new Thread("writer");
    private static final SharedWriterSlots NO_OTHERS = new SharedWriterSlots();

    final WriterSlot slot = new WriterSlot();
    final AtomicLong version = new AtomicLong();
    private final Writers writers = new Writers(1, NO_OTHERS);
    private int data;

    AskedWriter() {
        writers.add(slot, OWNER);
    }

    /** Writes if the version is still 0. The slot is armed. The first result is the version that it saw. */
    void write(II_Result r) {
        slot.enter();
        r.r1 = (int) version.getOpaque();
        if (r.r1 == 0) {
            data = 1;
        }
        slot.exit();
    }

    /** The second result is 1 if the write came before. */
    void watch(II_Result r) {
        version.setOpaque(1);
        writers.await(1);
        r.r2 = data;
    }
}
