package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.ProtectionException;
import org.junit.jupiter.api.Test;

/** Maps are forked by themselves, through a space and through an accessor. */
class ForkableLongMapForkTest {

    @Test
    void aMapIsForkedWithItsSpace() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                AddressSpace space = memory.newAddressSpace();
                Accessor accessor = space.accessor()) {
            ForkableLongMap map = ForkableLongMap.create(space).with(accessor);
            map.put(1, 10);
            try (StructureFork<ForkableLongMap> fork = map.fork("fork");
                    StructureFork<ForkableLongMap> snapshot = map.snapshot("snapshot")) {
                fork.structure().put(1, 11);
                map.put(1, 12);

                assertThat(fork.structure().getOrDefault(1, 0)).isEqualTo(11);
                assertThat(snapshot.structure().getOrDefault(1, 0)).isEqualTo(10);
                assertThat(map.getOrDefault(1, 0)).isEqualTo(12);
                assertThat(fork.space().name()).isEqualTo("fork");
                assertThatThrownBy(() -> snapshot.structure().put(1, 10)).isInstanceOf(ProtectionException.class);
                assertThatThrownBy(() -> snapshot.structure().remove(2)).isInstanceOf(ProtectionException.class);
            }
        }
    }

    @Test
    void aMapOfBytesIsForkedWithItsSpace() {
        try (MemoryManager memory = MemoryManager.builder().hostPool(16L << 20).build();
                AddressSpace space = memory.newAddressSpace();
                Accessor accessor = space.accessor()) {
            ForkableMap map = ForkableMap.create(space, 1L << 30).with(accessor);
            byte[] key = {1};
            map.put(key, new byte[] {10});
            try (StructureFork<ForkableMap> fork = map.fork(); StructureFork<ForkableMap> snapshot = map.snapshot()) {
                map.put(key, new byte[] {12});
                fork.structure().put(key, new byte[] {11});

                assertThat(fork.structure().get(key)).containsExactly(11);
                assertThat(snapshot.structure().get(key)).containsExactly(10);
            }
        }
    }
}
