package io.quire.memory.snippets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.testkit.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The examples in the Javadoc of the map. */
class MapSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    @Test
    void map() {
        MemoryManager memory = leaks.manager();
        try (AddressSpace space = memory.newAddressSpace()) {
            byte[] key = "user-1".getBytes(UTF_8);
            byte[] value = "Ada".getBytes(UTF_8);
            // @start region="map"
            ForkableMap map = ForkableMap.create(space, 1L << 30);      // 1 GiB of addresses; frames come with entries
            map.put(key, value);
            try (AddressSpace past = space.fork()) {
                map.remove(key);
                ForkableMap before = ForkableMap.open(past, map.address());     // the same address in every fork
                assert before.containsKey(key) && !map.containsKey(key);
            }
            // @end
            // @start region="with"
            try (Accessor mine = space.accessor()) {
                ForkableMap fast = map.with(mine);                      // for this thread only
                fast.put(key, value);
            }
            // @end
            assertThat(map.get(key)).isEqualTo(value);
        }
    }
}
