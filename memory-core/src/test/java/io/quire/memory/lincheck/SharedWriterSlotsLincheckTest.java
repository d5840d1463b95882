package io.quire.memory.lincheck;

import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.Writers;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * Interleavings, within bounds, of writers that claim shared slots and somebody who withdraws their
 * permission: a write is either counted by the withdrawal or refused. Fences are not modelled here; the
 * stress tests see to those.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedWriterSlotsLincheckTest {

    @Test
    void aWriteIsWaitedForOrRefused() {
        new ModelCheckingOptions().threads(3).actorsPerThread(2).actorsBefore(0).actorsAfter(1)
                .iterations(15).invocationsPerIteration(300).minimizeFailedScenario(false)
                .sequentialSpecification(Page.class).check(GuardedPage.class);
    }

    /** A page whose writers hold slots. */
    public static final class GuardedPage {

        private static final int SPACE = 1;

        private final SharedWriterSlots slots = new SharedWriterSlots();
        private final Writers writers = new Writers(SPACE, slots);
        private final AtomicInteger page = new AtomicInteger();
        private volatile boolean withdrawn;

        @Operation
        public boolean write() {
            int slot = slots.enter(SPACE);
            boolean allowed = !withdrawn;
            if (allowed) {
                page.incrementAndGet();
            }
            slots.exit(slot);
            return allowed;
        }

        /** The writes that there were. */
        @Operation
        public int withdraw() {
            withdrawn = true;
            writers.await();
            return page.get();
        }
    }

    /** The same for one thread at a time. */
    public static final class Page {

        private int writes;
        private boolean withdrawn;

        public boolean write() {
            writes += withdrawn ? 0 : 1;
            return !withdrawn;
        }

        public int withdraw() {
            withdrawn = true;
            return writes;
        }
    }
}
