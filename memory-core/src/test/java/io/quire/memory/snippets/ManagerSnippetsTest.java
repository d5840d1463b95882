package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.EvictionReport;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.MemoryStatistics;
import io.quire.memory.MigrationReport;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageOutcome;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The examples in the Javadoc of managers, pools and reports. */
class ManagerSnippetsTest {

    @Test
    void firstManager() {
        // @start region="manager"
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("orders");
                Accessor live = space.accessor()) {

            long address = space.map(1L << 30);         // 1 GiB of addresses; frames come with the first writes
            live.setLong(address, 42);
            try (AddressSpace past = space.fork()) {    // takes the same time for a page and for gigabytes
                live.setLong(address, 43);              // copies one page of 4 KiB
                assert past.getLong(address) == 42;
            }
        }
        // @end
    }

    @Test
    void builder() {
        // @start region="builder"
        MemoryManager memory = MemoryManager.builder()
                .name("orders")                             // appears in messages
                .hostPool(64L << 20)                        // the limit of all spaces together, in bytes
                .deviceCoherentPool("near", 16L << 20)      // a second tier
                .maxSpaces(1_000)
                .leakTracking(true)                         // reports say which stack opened what
                .build();
        // @end
        memory.close();
    }

    @Test
    void closing() {
        MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
        AddressSpace forgotten = memory.newAddressSpace("forgotten");
        // @start region="close"
        try {
            memory.close();
        } catch (OpenSpacesException open) {                // names the spaces; the manager stays open
            memory.closeAll(Duration.ofSeconds(10));        // closes them too
        }
        // @end
        assertThat(forgotten.isClosed()).isTrue();
    }

    @Test
    void statistics() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                AddressSpace space = memory.newAddressSpace()) {
            long address = space.map(64L << 20);
            // @start region="statistics"
            MemoryStatistics now = memory.statistics();
            String use = now.usedBytes() + " of " + now.limitBytes() + " bytes, " + now.openSpaces() + " spaces";
            // @end
            assertThat(use).endsWith("1 spaces");
            // @start region="full"
            try {
                space.fill(address, 64L << 20, (byte) 1);
            } catch (OutOfFramesException full) {
                // Nothing was written. The message says which spaces hold the frames: close forks, and retry.
            }
            // @end
            assertThat(space.getByte(address)).isZero();
        }
    }

    @Test
    void tiers() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).deviceCoherentPool("near", 16L << 20)
                .build(); AddressSpace space = memory.newAddressSpace()) {
            long sizeBytes = 1L << 20;
            long address = space.map(sizeBytes);
            space.setLong(address, 42);
            // @start region="migrate"
            MemoryPool near = memory.pool("near");
            MigrationReport report = space.migrate(address, sizeBytes, near);
            if (!report.isComplete()) {
                int pinned = report.count(PageOutcome.PINNED);      // these stay until the pin is closed
                int full = report.count(PageOutcome.NO_FREE_FRAME); // these would need a larger device
                throw new IllegalStateException(pinned + " pages pinned, " + full + " pages without room");
            }
            // @end
            // @start region="evict"
            EvictionReport evicted = memory.evict(near, 16);        // pages that were used least go to the host
            // @end
            assertThat(evicted.isComplete()).isTrue();
            // @start region="outcome"
            PageOutcome first = report.outcome(address);            // where it was when the migration was done with it
            String now = space.pageState(address).pool();           // where it is now
            // @end
            assertThat(first).isEqualTo(PageOutcome.MOVED);
            assertThat(now).isIn("near", "host");
        }
    }
}
