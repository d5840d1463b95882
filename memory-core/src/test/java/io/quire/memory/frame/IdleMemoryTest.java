package io.quire.memory.frame;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Free memory goes back to the operating system after a delay. The tests say what time it is. */
class IdleMemoryTest {

    private static final int AREA = 512;
    private static final long SECOND = 1_000_000_000L;

    private final FramePools pools = FramePools.ofHost(64 * AREA);
    private final IdleMemory idle = new IdleMemory(pools, Duration.ofSeconds(10));
    private final long begin = System.nanoTime() + SECOND; // later than the first look

    private int at(long seconds) {
        int given = 0;
        for (int more = idle.work(begin + seconds * SECOND); more > 0; more = idle.work(begin + seconds * SECOND)) {
            assertThat(more).as("areas given back in one turn").isLessThanOrEqualTo(16);
            given += more;
        }
        return given;
    }

    private void useAndFree(int areas) {
        long[] offsets = new long[areas * AREA];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = pools.allocate();
        }
        for (long offset : offsets) {
            pools.release(offset);
        }
    }

    @Test
    void memoryGoesBackAfterItWasFreeAtTwoLooks() {
        useAndFree(40);
        assertThat(at(5)).isZero();
        assertThat(at(10)).as("areas given back at the first look").isZero();
        assertThat(at(15)).isZero();
        assertThat(at(20)).isBetween(36, 42);
        assertThat(at(30)).as("areas given back a second time").isZero();
        pools.close();
    }

    @Test
    void memoryThatIsUsedAgainInBetweenStays() {
        for (int round = 1; round < 10; round++) {
            useAndFree(64); // all areas: otherwise each round might use other ones
            assertThat(at(10L * round)).isZero();
        }
        assertThat(at(100)).isBetween(60, 64);
        pools.close();
    }

    @Test
    void memoryThatWasNeverUsedIsLeftAlone() {
        assertThat(at(10) + at(20) + at(30)).isZero();
        pools.close();
    }
}
