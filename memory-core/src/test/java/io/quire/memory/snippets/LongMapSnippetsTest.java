package io.quire.memory.snippets;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableLongMap;
import org.junit.jupiter.api.Test;

/** The examples of maps of longs in the Javadoc. */
class LongMapSnippetsTest {

    @Test
    void map() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build()) {
            // @start region="map"
            try (AddressSpace space = memory.newAddressSpace()) {
                ForkableLongMap stock = ForkableLongMap.create(space);
                stock.put(4711, 12);
                try (AddressSpace snapshot = space.snapshot()) {
                    stock.addTo(4711, -5);
                    ForkableLongMap before = stock.with(snapshot);
                    assertThat(before.getOrDefault(4711, 0)).isEqualTo(12);
                    assertThat(stock.getOrDefault(4711, 0)).isEqualTo(7);
                }
            }
            // @end
        }
    }
}
