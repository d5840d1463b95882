package io.quire.memory.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PageOutcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class OutcomeRunsTest {

    @Test
    void everyPageHasTheOutcomeThatWasAddedForIt() {
        Random random = new Random(42);
        OutcomeRuns runs = new OutcomeRuns();
        List<PageOutcome> pages = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            PageOutcome outcome = PageOutcome.values()[random.nextInt(3)];
            int more = random.nextInt(4);
            runs.add(outcome, more);
            for (int page = 0; page < more; page++) {
                pages.add(outcome);
            }
        }
        assertThat(runs.pages()).isEqualTo(pages.size());
        for (int i = 0; i < pages.size(); i++) {
            assertThat(runs.get(i)).as("page %d", i).isEqualTo(pages.get(i));
        }
        for (PageOutcome outcome : PageOutcome.values()) {
            assertThat(runs.count(outcome)).isEqualTo((int) pages.stream().filter(one -> one == outcome).count());
        }
    }

    @Test
    void noPagesHaveNoOutcome() {
        OutcomeRuns runs = new OutcomeRuns();
        assertThat(runs.pages()).isZero();
        assertThat(runs.count(PageOutcome.MOVED)).isZero();
        runs.add(PageOutcome.EMPTY, Integer.MAX_VALUE);
        assertThat(runs.get(Integer.MAX_VALUE - 1)).isEqualTo(PageOutcome.EMPTY);
    }
}
