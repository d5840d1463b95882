package io.quire.memory.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.LogLines;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A chore that fails is reported as soon as a report can be made, pauses, and runs again. */
class ChoreTest {

    @RegisterExtension
    final LogLines log = new LogLines();

    private long now;

    @Test
    void choreOutlivesErrorsInItsWorkAndInTheReport() {
        AtomicInteger failures = new AtomicInteger(1);
        Chore chore = new Chore("m", "do what it does", () -> {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("no memory for the work");
            }
            return 7;
        }, () -> now);
        log.refuse(2, new OutOfMemoryError("no memory for a report"));
        assertThat(chore.runAndReport()).as("the work fails").isZero();
        assertThat(chore.runAndReport()).as("the first report fails").isZero();
        assertThat(chore.runAndReport()).as("the second report fails").isZero();
        assertThat(log.records()).isEmpty();
        now += TimeUnit.SECONDS.toNanos(1);
        assertThat(chore.runAndReport()).isEqualTo(7);
        assertThat(log.records()).singleElement().satisfies(report -> {
            assertThat(report.getMessage()).contains("memory manager m failed to do what it does");
            assertThat(report.getThrown()).hasMessage("no memory for the work");
        });
    }

    @Test
    void choreThatKeepsFailingPausesLongerEachTime() {
        AtomicInteger attempts = new AtomicInteger();
        Chore chore = new Chore("m", "fail", () -> {
            throw new IllegalStateException("attempt " + attempts.incrementAndGet());
        }, () -> now);
        for (int second = 0; second < 10; second++) {
            assertThat(chore.runAndReport()).isZero();
            now += TimeUnit.SECONDS.toNanos(1);
        }
        assertThat(attempts).as("at 0, 1, 3 and 7 seconds").hasValue(4);
        assertThat(log.records()).hasSize(4);
    }
}
