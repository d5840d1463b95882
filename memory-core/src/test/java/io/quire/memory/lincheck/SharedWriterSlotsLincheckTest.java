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
 * Bounded interleavings of writers that claim shared slots, and of a thread that invalidates their translations: a
 * write either ends before the invalidation does, or is refused. The stress tests check the fences.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SharedWriterSlotsLincheckTest {

    @Test
    void aWriteIsWaitedForOrRefused() {
        new ModelCheckingOptions().threads(3).actorsPerThread(2).actorsBefore(0).actorsAfter(1)
                .iterations(15).invocationsPerIteration(300).minimizeFailedScenario(false)
                .sequentialSpecification(Page.class).check(GuardedPage.class);
    }

    /** A page whose writers take slots. */
    public static final class GuardedPage {

        private static final int SPACE = 1;

        private final Writers writers = new Writers(SPACE, new SharedWriterSlots());
        private final AtomicInteger page = new AtomicInteger();
        private volatile boolean invalid;

        @Operation
        public boolean write() {
            int slot = writers.enterShared();
            boolean allowed = !invalid;
            if (allowed) {
                page.incrementAndGet();
            }
            writers.exitShared(slot);
            return allowed;
        }

        /** Allows no more writes; returns the number of writes so far. */
        @Operation
        public int invalidate() {
            invalid = true;
            writers.await(1);
            return page.get();
        }
    }

    /** The sequential model. */
    public static final class Page {

        private int writes;
        private boolean invalid;

        public boolean write() {
            writes += invalid ? 0 : 1;
            return !invalid;
        }

        public int invalidate() {
            invalid = true;
            return writes;
        }
    }
}
