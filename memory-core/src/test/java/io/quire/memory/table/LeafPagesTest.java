package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LeafPagesTest {

    private static final long LEAF = 5 * Geometry.LEAF_BYTES;

    @Test
    void aSetIsSeenFromBothEnds() {
        long pages = LeafPages.of(3) | LeafPages.of(17) | LeafPages.of(63);
        assertThat(LeafPages.first(pages)).isEqualTo(3);
        assertThat(LeafPages.last(pages)).isEqualTo(63);
        assertThat(LeafPages.count(pages)).isEqualTo(3);
        assertThat(LeafPages.withoutFirst(pages)).isEqualTo(LeafPages.of(17) | LeafPages.of(63));
        assertThat(LeafPages.contains(pages, 17)).isTrue();
        assertThat(LeafPages.contains(pages, 16)).isFalse();
        assertThat(LeafPages.first(LeafPages.NONE)).isEqualTo(Geometry.FAN_OUT);
        assertThat(LeafPages.last(LeafPages.NONE)).isEqualTo(-1);
    }

    @Test
    void pagesBetweenTwoAddressesAreThoseThatBeginThere() {
        long[] addresses = {0, 1, LEAF - 4096, LEAF - 1, LEAF, LEAF + 1, LEAF + 4096, LEAF + 4097, LEAF + 40 * 4096,
            LEAF + 63 * 4096, LEAF + 63 * 4096 + 1, LEAF + Geometry.LEAF_BYTES, LEAF + 9 * Geometry.LEAF_BYTES,
            Geometry.ADDRESS_LIMIT};
        for (long from : addresses) {
            for (long to : addresses) {
                long expected = LeafPages.NONE;
                for (int page = 0; page < Geometry.FAN_OUT; page++) {
                    long address = LEAF + page * 4096L;
                    expected |= from <= address && address < to ? LeafPages.of(page) : LeafPages.NONE;
                }
                assertThat(LeafPages.between(LEAF, from, to)).as("from=%d, to=%d", from, to).isEqualTo(expected);
            }
        }
    }
}
