package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.Protection;
import io.quire.memory.testkit.Seed;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seed.class)
class MappingsTest {

    private static final long PAGE = Geometry.PAGE_BYTES;
    private static final long LEAF = Geometry.LEAF_BYTES;

    /** Pages of a small world; each has a protection or is not mapped. */
    private static final int PAGES = 40;

    @RepeatedTest(10)
    void historiesAgreeWithAnArrayOfPages(SplittableRandom random) {
        @Nullable Protection[] model = new Protection[PAGES];
        Mappings mappings = Mappings.NONE;
        for (int step = 0; step < 150; step++) {
            int from = random.nextInt(PAGES);
            int to = from + 1 + random.nextInt(Math.min(8, PAGES - from));
            Protection protection = Protection.values()[random.nextInt(3)];
            if (allAre(model, from, to, false)) {
                mappings = mappings.plus(at(from), at(to), protection);
                fill(model, from, to, protection);
            } else if (allAre(model, from, to, true)) {
                boolean removes = random.nextInt(3) == 0;
                mappings = removes ? mappings.minus(at(from), at(to))
                        : mappings.protect(at(from), at(to), protection);
                fill(model, from, to, removes ? null : protection);
            }
            compare(mappings, model);
        }
    }

    private static void compare(Mappings mappings, @Nullable Protection[] model) {
        long mapped = 0;
        for (int page = 0; page < PAGES; page++) {
            for (long address : new long[] {at(page), at(page) + PAGE - 1}) {
                Mappings.Range range = mappings.find(address);
                assertThat(range == null ? null : range.protection()).isEqualTo(model[page]);
            }
            mapped += model[page] == null ? 0 : PAGE;
            int gap = page;
            while (gap < PAGES && model[gap] != null) {
                gap++;
            }
            assertThat(mappings.firstGap(at(page), at(PAGES))).isEqualTo(at(gap));
            for (int to = page + 1; to <= PAGES; to += 3) {
                compareParts(mappings, model, page, to);
            }
        }
        assertThat(mappings.sizeBytes()).isEqualTo(mapped);
        assertThat(mappings.find(at(0) - 1)).isNull();
        assertThat(mappings.find(at(PAGES))).isNull();
        assertThat(mappings.find(-1)).isNull();
    }

    /** Checks that the parts ascend, do not overlap, and cover exactly the mapped pages. */
    private static void compareParts(Mappings mappings, @Nullable Protection[] model, int from, int to) {
        @Nullable Protection[] covered = new Protection[PAGES];
        long last = at(from);
        for (Mappings.Range part : mappings.between(at(from), at(to))) {
            assertThat(part.start()).isGreaterThanOrEqualTo(last);
            assertThat(part.end()).isGreaterThan(part.start()).isLessThanOrEqualTo(at(to));
            last = part.end();
            fill(covered, (int) ((part.start() - LEAF) / PAGE), (int) ((part.end() - LEAF) / PAGE),
                    part.protection());
        }
        for (int page = from; page < to; page++) {
            assertThat(covered[page]).isEqualTo(model[page]);
        }
    }

    @Test
    void placeIsBehindAllMappingsAndAGuardPage() {
        Mappings mappings = Mappings.NONE;
        assertThat(mappings.place(PAGE)).isEqualTo(LEAF);
        mappings = mappings.plus(LEAF, LEAF + PAGE, Protection.READ_WRITE);
        assertThat(mappings.place(PAGE)).isEqualTo(2 * LEAF);
        mappings = mappings.plus(2 * LEAF, 3 * LEAF - PAGE, Protection.READ_WRITE);
        assertThat(mappings.place(PAGE)).isEqualTo(3 * LEAF);
        mappings = mappings.plus(3 * LEAF, 4 * LEAF, Protection.READ_WRITE);
        assertThat(mappings.place(PAGE)).isEqualTo(5 * LEAF);
    }

    @Test
    void placeIsTheFirstGapOnceTheEndIsReached() {
        long limit = Geometry.ADDRESS_LIMIT;
        Mappings full = Mappings.NONE.plus(LEAF, limit, Protection.READ_WRITE);
        assertThat(full.place(PAGE)).isEqualTo(-1);
        assertThat(Mappings.NONE.place(limit - LEAF)).isEqualTo(LEAF);
        assertThat(Mappings.NONE.place(limit - LEAF + PAGE)).isEqualTo(-1);
        Mappings holed = full.minus(10 * LEAF, 13 * LEAF);
        // The guard page in front takes the first leaf of the gap, and the one behind takes the last page.
        assertThat(holed.place(PAGE)).isEqualTo(11 * LEAF);
        assertThat(holed.place(2 * LEAF - PAGE)).isEqualTo(11 * LEAF);
        assertThat(holed.place(2 * LEAF)).isEqualTo(-1);
        assertThat(full.minus(LEAF, 3 * LEAF).place(LEAF)).isEqualTo(LEAF);
    }

    @RepeatedTest(10)
    void anObstacleIsTheFirstRangeLessThanAPageAway(SplittableRandom random) {
        @Nullable Protection[] model = new Protection[PAGES];
        Mappings mappings = Mappings.NONE;
        for (int i = 0; i < 6; i++) {
            int from = random.nextInt(PAGES);
            int to = Math.min(PAGES, from + 1 + random.nextInt(3));
            if (allAre(model, from, to, false)) {
                mappings = mappings.plus(at(from), at(to), Protection.READ_ONLY);
                fill(model, from, to, Protection.READ_ONLY);
            }
        }
        for (int from = 0; from < PAGES; from++) {
            for (int to = from + 1; to <= PAGES; to++) {
                Mappings.Range obstacle = mappings.obstacle(at(from), at(to));
                boolean isFree = allAre(model, Math.max(from - 1, 0), Math.min(to + 1, PAGES), false);
                assertThat(obstacle == null).as("[%d, %d) in %s", from, to, mappings).isEqualTo(isFree);
                if (obstacle != null) {
                    assertThat(obstacle).isEqualTo(mappings.between(at(from) - PAGE, at(to) + PAGE).stream()
                            .map(part -> part.start()).map(mappings::find).toList().getFirst());
                }
            }
        }
    }

    @Test
    void nearestMappingsAreDescribed() {
        Mappings mappings = Mappings.NONE.plus(LEAF, LEAF + PAGE, Protection.READ_WRITE)
                .plus(4 * LEAF, 5 * LEAF, Protection.NONE);
        assertThat(Mappings.NONE.nearest(7)).isEqualTo("none");
        assertThat(mappings.nearest(0)).isEqualTo("[0x40000, 0x41000) READ_WRITE");
        assertThat(mappings.nearest(2 * LEAF)).isEqualTo("[0x40000, 0x41000) READ_WRITE");
        assertThat(mappings.nearest(3 * LEAF)).isEqualTo("[0x100000, 0x140000) NONE");
        assertThat(mappings.nearest(Long.MAX_VALUE)).isEqualTo("[0x100000, 0x140000) NONE");
        assertThat(mappings.nearest(Long.MIN_VALUE)).isEqualTo("[0x40000, 0x41000) READ_WRITE");
    }

    private static long at(int page) {
        return LEAF + page * PAGE;
    }

    private static boolean allAre(@Nullable Protection[] model, int from, int to, boolean mapped) {
        for (int page = from; page < to; page++) {
            if (model[page] != null != mapped) {
                return false;
            }
        }
        return true;
    }

    private static void fill(@Nullable Protection[] model, int from, int to,
            @Nullable Protection protection) {
        Arrays.fill(model, from, to, protection);
    }
}
