package io.quire.memory.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.testkit.LogLines;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Forks and snapshots that have grown old are reported. Here every space is old at once. */
class SnapshotWatchTest {

    private static final long PAGE = 4096;

    @RegisterExtension
    final LogLines log = new LogLines();

    private long now;

    private int lookLater(SnapshotWatch watch) {
        now += TimeUnit.SECONDS.toNanos(1);
        return watch.look(now);
    }

    @Test
    void oldSnapshotThatHoldsMemoryAloneIsReportedOnce() {
        try (MemoryManager manager = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false)
                .snapshotOverstay(Duration.ofNanos(1)).build();
                AddressSpace space = manager.newAddressSpace("live")) {
            SnapshotWatch watch = new SnapshotWatch(ManagerCheck.machine(space));
            now = System.nanoTime();
            long address = space.map(PAGE);
            space.setLong(address, 1);
            AddressSpace idle = space.fork("idle");
            try (AddressSpace old = space.snapshot("old")) {
                assertThat(lookLater(watch)).as("it shares all it has").isZero();
                space.setLong(address, 2);
                idle.close();
                assertThat(manager.maintain()).isPositive();
                assertThat(lookLater(watch)).as("a second report").isZero();
                assertThat(log.about("old")).singleElement().asString()
                        .contains("snapshot old forked from live", "pages held alone=1");
                assertThat(old.getLong(address)).isOne();
            }
            assertThat(log.about("space live,")).isEmpty();
        }
    }
}
