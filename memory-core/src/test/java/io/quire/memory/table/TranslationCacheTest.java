package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.Seed;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class TranslationCacheTest {

    private static final long OFFSET = 0x7654_3210_0000L;

    private final TranslationCache cache = new TranslationCache();

    @Test
    void emptyCacheKnowsNoAddress() {
        for (long address : new long[] {0, 1, 4096, 1L << 37, Geometry.ADDRESS_LIMIT - 1, -1, Long.MIN_VALUE,
            Long.MAX_VALUE}) {
            assertThat(cache.find(address)).isEqualTo(TranslationCache.MISS);
            assertThat(cache.findWritable(address)).isEqualTo(TranslationCache.MISS);
        }
    }

    @Test
    void emptyCacheOfAnySizeMatchesNoTag() {
        for (int sizeShift = 9; sizeShift <= 18; sizeShift += 3) {
            TranslationCache sized = new TranslationCache();
            while (!sized.toString().contains("words=" + (1 << sizeShift) + ",")) {
                sized.keep(0, OFFSET); // makes the cache grow
            }
            sized.forgetAll();
            for (long tag = 0; tag <= 0x2_0000; tag++) {
                long address = tag << 12 + sizeShift;
                assertThat(sized.find(address) == TranslationCache.MISS).as("tag 0x%x", tag).isTrue();
                assertThat(sized.findWritable(address) == TranslationCache.MISS).as("tag 0x%x", tag).isTrue();
            }
        }
    }

    @Test
    void pageIsFoundAtEachOfItsBytesAndNowhereElse() {
        cache.keep(0x5000, OFFSET);
        assertThat(cache.find(0x5000)).isEqualTo(OFFSET);
        assertThat(cache.find(0x5FFF)).isEqualTo(OFFSET + 0xFFF);
        assertThat(cache.find(0x4FFF)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.find(0x6000)).isEqualTo(TranslationCache.MISS);
        for (int bit = 21; bit < 64; bit++) {
            assertThat(cache.find(0x5000 ^ 1L << bit)).as("bit %d", bit).isEqualTo(TranslationCache.MISS);
        }
    }

    @Test
    void findAllStopsAtTheFirstUnknownOrMisalignedAddress() {
        cache.keep(0x5000, OFFSET);
        cache.keepWritable(0x6000, OFFSET + 0x9000);
        long[] offsets = new long[3];
        assertThat(cache.findAll(new long[] {0x5008, 0x6FF8, 0x5000, 0x7000}, offsets, 0)).isEqualTo(3);
        assertThat(offsets).containsExactly(OFFSET + 8, OFFSET + 0x9FF8, OFFSET);
        assertThat(cache.findAll(new long[] {0x5000, 0x7000, 0x6000}, offsets, 0)).isEqualTo(1);
        assertThat(cache.findAll(new long[] {0x5000, 0x7000, 0x6000}, offsets, 2)).isEqualTo(3);
        assertThat(cache.findAll(new long[] {0x5000, 0x7000, 0x6000}, offsets, 3)).isEqualTo(3);
        assertThat(cache.findAll(new long[] {0x5000, 0x5008, 0x5014}, offsets, 0)).isEqualTo(2);
        assertThat(cache.findAll(new long[0], new long[0], 0)).isZero();
    }

    @Test
    void readablePageIsNotWritableAndWritableOneIsReadable() {
        cache.keep(0x5000, OFFSET);
        assertThat(cache.findWritable(0x5000)).isEqualTo(TranslationCache.MISS);
        cache.keepWritable(0x5000, OFFSET);
        assertThat(cache.findWritable(0x5008)).isEqualTo(OFFSET + 8);
        assertThat(cache.find(0x5008)).isEqualTo(OFFSET + 8);
    }

    @Test
    void forgettingWritesManyTimesKeepsReads() {
        cache.keepWritable(0x5000, OFFSET);
        for (int i = 0; i < 3 * TranslationWord.STAMP_MAX; i++) {
            cache.forgetWrites();
            assertThat(cache.findWritable(0x5000)).as("after %d", i).isEqualTo(TranslationCache.MISS);
            assertThat(cache.find(0x5000)).isIn(OFFSET, TranslationCache.MISS);
        }
        cache.keepWritable(0x5000, OFFSET);
        assertThat(cache.findWritable(0x5000)).isEqualTo(OFFSET);
    }

    @Test
    void addressesTooHighForATagAreNotKept() {
        long address = Geometry.ADDRESS_LIMIT - Geometry.PAGE_BYTES;
        cache.keep(address, OFFSET);
        assertThat(cache.find(address)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.find(-Geometry.PAGE_BYTES)).isEqualTo(TranslationCache.MISS);
    }

    @Test
    void releasedCacheStillAnswers() {
        cache.keep(0x5000, OFFSET);
        cache.release();
        assertThat(cache.find(0x5000)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.findWritable(0x5000)).isEqualTo(TranslationCache.MISS);
    }

    @Test
    @ExtendWith(Seed.class)
    void foundTranslationsWereKeptAndNotForgotten(SplittableRandom random) {
        Map<Long, Long> kept = new HashMap<>();
        Map<Long, Long> writable = new HashMap<>();
        // Enough pages to let the cache grow to its full size.
        for (int i = 0; i < 3_000_000; i++) {
            long page = random.nextLong(1L << random.nextInt(1, 26)) << Geometry.PAGE_SHIFT;
            long found = cache.find(page);
            long foundWritable = cache.findWritable(page);
            assertThat(found == TranslationCache.MISS || found == kept.getOrDefault(page, 0L)).isTrue();
            assertThat(foundWritable == TranslationCache.MISS || foundWritable == writable.getOrDefault(page, 0L))
                    .isTrue();
            long offset = (long) i << Geometry.PAGE_SHIFT;
            int step = random.nextInt(20_000);
            if (step == 0) {
                cache.forgetAll();
                kept.clear();
                writable.clear();
            } else if (step < 4) {
                cache.forgetWrites();
                writable.clear();
            } else if (step < 3_000) {
                cache.forget(page);
                kept.remove(page);
                writable.remove(page);
            } else if (step < 10_000) {
                cache.keep(page, offset);
                kept.put(page, offset);
                writable.remove(page);
            } else {
                cache.keepWritable(page, offset);
                kept.put(page, offset);
                writable.put(page, offset);
            }
        }
    }
}
