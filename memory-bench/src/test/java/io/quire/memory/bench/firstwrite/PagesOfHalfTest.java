package io.quire.memory.bench.firstwrite;

import static io.quire.memory.bench.firstwrite.FirstWriteTwoThreads.HALF_BYTES;
import static io.quire.memory.bench.firstwrite.FirstWriteTwoThreads.WRITES;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.bench.firstwrite.FirstWriteTwoThreads.Order;
import io.quire.memory.bench.firstwrite.FirstWriteTwoThreads.PagesOfHalf;
import io.quire.memory.bench.fixture.Pages;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PagesOfHalfTest {

    private final PagesOfHalf pages = new PagesOfHalf();

    /** A page that is written twice after a fork has no second first write. */
    @ParameterizedTest
    @EnumSource
    void eachPageIsChosenOnceAndLiesInTheHalf(Order order) {
        for (int fork = 0; fork < 3; fork++) {
            pages.choose(order);
            assertThat(offsets().distinct().count()).isEqualTo(WRITES);
            assertThat(offsets()).allMatch(offset -> offset >= 0 && offset < HALF_BYTES
                    && offset % Pages.PAGE_BYTES == 0);
        }
    }

    @Test
    void sequentialPagesAreNeighbours() {
        pages.choose(Order.SEQUENTIAL);
        for (int i = 1; i < WRITES; i++) {
            assertThat(pages.offset(i)).isEqualTo(pages.offset(i - 1) + Pages.PAGE_BYTES);
        }
    }

    private LongStream offsets() {
        return LongStream.range(0, WRITES).map(i -> pages.offset((int) i));
    }
}
