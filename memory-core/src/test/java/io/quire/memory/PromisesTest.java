package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.platform.MachineMemory;
import io.quire.memory.testkit.LogLines;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Managers that together promise more memory than there is are reported. The tests touch none of that memory. */
class PromisesTest {

    private static final long MOST = MachineMemory.availableBytes() / 10 * 6;

    @RegisterExtension
    final LogLines log = new LogLines();

    @Test
    void managersThatDoNotFitTogetherAreNamedOnceForEachBuild() {
        try (MemoryManager first = build("first", MOST)) {
            assertThat(warnings()).isEmpty();
            try (MemoryManager second = build("second", MOST)) {
                assertThat(warnings()).hasSize(1);
                assertThat(warnings().getFirst()).contains("first=", "second=", "promised=", "available=");
                assertThat(first.hostPool().sizeBytes()).isEqualTo(second.hostPool().sizeBytes());
            }
            log.clear();
            build("third", MOST).close();
            assertThat(warnings()).hasSize(1);
            assertThat(warnings().getFirst()).contains("first=", "third=").doesNotContain("second=");
        }
        log.clear();
        build("fourth", MOST).close();
        assertThat(warnings()).as("warnings after all other managers have closed").isEmpty();
    }

    @Test
    void poolsOfCoherentMemoryCountToo() {
        MemoryManager.builder().name("alone").hostPool(MOST).backgroundAgent(false).deviceCoherentPool("more", MOST)
                .build().close();
        assertThat(warnings()).hasSize(1);
        assertThat(warnings().getFirst()).contains("alone=");
    }

    private List<String> warnings() {
        return log.about("promised=");
    }

    private static MemoryManager build(String name, long sizeBytes) {
        return MemoryManager.builder().name(name).hostPool(sizeBytes).backgroundAgent(false).build();
    }
}
