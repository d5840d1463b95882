package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.nodes.NodeReader;
import io.quire.memory.nodes.NodeRegion;
import org.junit.jupiter.api.Test;

/** A reader that began before bytes were used again sees that, and no other reader begins again. */
class ForkableLongMapEpochTest {

    @Test
    void theEpochIsRaisedWhenBytesAreUsedAgainAndOnlyThen() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                AddressSpace space = memory.newAddressSpace()) {
            ForkableLongMap map = ForkableLongMap.create(space);
            NodeRegion region = NodeRegion.locate("map", space, map.address(), ForkableLongMap.MAGIC);
            NodeReader reader = new NodeReader(region);
            region.section().begin();
            long header = reader.header();
            long epoch = reader.epoch(header);

            for (int key = 0; key < 15; key++) {
                map.put(key, 1);
                map.put(key, 2);
            }
            map.remove(7);
            assertThat(reader.isStill(header, epoch)).as("all that was read is as it was").isTrue();

            map.put(99, 1); // into the slot of the entry that was removed
            assertThat(reader.isStill(header, epoch)).as("a slot is used again").isFalse();

            epoch = reader.epoch(header);
            for (int key = 100; key < 10_000; key++) {
                map.put(key, 1);
            }
            assertThat(reader.isStill(header, epoch)).as("notes were counted, pages may be used again").isFalse();

            epoch = reader.epoch(header);
            map.clear();
            assertThat(reader.isStill(header, epoch)).as("all pages may be used again").isFalse();
        }
    }
}
