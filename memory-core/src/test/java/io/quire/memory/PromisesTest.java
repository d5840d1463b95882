package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.platform.MachineMemory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Managers that together promise more memory than there is. None of it is touched. */
class PromisesTest {

    private static final long MOST = MachineMemory.availableBytes() / 10 * 6;

    private final List<String> warnings = Collections.synchronizedList(new ArrayList<>());
    private final Logger logger = Logger.getLogger(MemoryManager.class.getName());
    private final Handler handler = new Handler() {
        @Override
        public void publish(LogRecord line) {
            if (line.getLevel().intValue() >= Level.WARNING.intValue()) {
                warnings.add(line.getMessage());
            }
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
        logger.setUseParentHandlers(true);
    }

    @Test
    void managersThatDoNotFitTogetherAreNamedOnceForEachBuild() {
        try (MemoryManager first = build("first", MOST)) {
            assertThat(warnings).isEmpty();
            try (MemoryManager second = build("second", MOST)) {
                assertThat(warnings).hasSize(1);
                assertThat(warnings.getFirst()).contains("first=", "second=", "promised=", "available=");
                assertThat(first.hostPool().sizeBytes()).isEqualTo(second.hostPool().sizeBytes());
            }
            warnings.clear();
            build("third", MOST).close();
            assertThat(warnings).hasSize(1);
            assertThat(warnings.getFirst()).contains("first=", "third=").doesNotContain("second=");
        }
        warnings.clear();
        build("fourth", MOST).close();
        assertThat(warnings).as("all others were closed").isEmpty();
    }

    @Test
    void poolsOfCoherentMemoryCountToo() {
        MemoryManager.builder().name("alone").hostPool(MOST).backgroundAgent(false).deviceCoherentPool("more", MOST)
                .build().close();
        assertThat(warnings).hasSize(1);
        assertThat(warnings.getFirst()).contains("alone=");
    }

    private static MemoryManager build(String name, long sizeBytes) {
        return MemoryManager.builder().name(name).hostPool(sizeBytes).backgroundAgent(false).build();
    }
}
