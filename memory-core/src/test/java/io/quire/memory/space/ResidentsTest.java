package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.lang.ref.Reference;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ResidentsTest {

    private final Residents residents = new Residents();

    @Test
    void anAddressAndATypeHaveOneObject() {
        AtomicLong first = residents.at(4096, AtomicLong.class, AtomicLong::new);
        assertThat(residents.at(4096, AtomicLong.class, AtomicLong::new)).isSameAs(first);
        assertThat(residents.at(8192, AtomicLong.class, AtomicLong::new)).isNotSameAs(first);
        assertThat(residents.at(4096, StringBuilder.class, StringBuilder::new)).isEmpty();
        assertThat(residents.count()).isEqualTo(3);
        Reference.reachabilityFence(first);
    }

    @Test
    void unreachableObjectIsForgotten() {
        AtomicLong kept = residents.at(0, AtomicLong.class, AtomicLong::new);
        for (int i = 1; i <= 1000; i++) {
            residents.at(i * 4096L, AtomicLong.class, AtomicLong::new);
        }
        while (residents.count() > 1) {
            System.gc();
        }
        assertThat(residents.at(0, AtomicLong.class, AtomicLong::new)).isSameAs(kept);
    }

    @Test
    void aSpaceSharesItsObjectsWithItsAccessorsAndNotWithAFork() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).build();
                AddressSpace space = memory.newAddressSpace(); Accessor accessor = space.accessor();
                AddressSpace child = space.fork()) {
            Residents ofSpace = SpaceFinder.of(space).residents();
            assertThat(SpaceFinder.of(accessor).residents()).isSameAs(ofSpace);
            assertThat(SpaceFinder.of(child).residents()).isNotSameAs(ofSpace);
        }
    }
}
