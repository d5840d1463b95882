package io.quire.memory.bench.move;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CopyInCacheTest {

    private static final int PAGE = 4096;

    private final CopyInCache cache = cache(4, 2);

    private static CopyInCache cache(int pages, int slots) {
        Arena arena = Arena.ofAuto();
        return new CopyInCache(arena.allocate((long) pages * PAGE, PAGE), arena.allocate((long) slots * PAGE, PAGE));
    }

    @Test
    void pageUsedLongestAgoIsEvicted() {
        cache.getLong(0);
        cache.getLong(PAGE);
        cache.getLong(0);
        cache.getLong(2 * PAGE); // takes the place of page 1
        assertThat(cache.misses()).isEqualTo(3);
        cache.getLong(0);
        assertThat(cache.misses()).isEqualTo(3);
        cache.getLong(PAGE);
        assertThat(cache.misses()).isEqualTo(4);
    }

    @Test
    void writtenPagesComeBackAsTheyWere() {
        CopyInCache some = cache(16, 3);
        MemorySegment model = MemorySegment.ofArray(new long[16 * PAGE / Long.BYTES]);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 10_000; i++) {
            long offset = random.nextLong(16 * PAGE / Long.BYTES) * Long.BYTES;
            if (random.nextInt(3) == 0) {
                some.setLong(offset, i);
                model.set(JAVA_LONG, offset, i);
            }
            assertThat(some.getLong(offset)).as("access %d", i).isEqualTo(model.get(JAVA_LONG, offset));
        }
    }
}
