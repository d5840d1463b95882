package io.quire.memory.upkeep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A part of the maintenance that fails is reported when that is possible, and goes on. */
class ChoreTest {

    private final Logger logger = Logger.getLogger(Chore.class.getName());
    private final List<LogRecord> reports = new ArrayList<>();
    private final AtomicInteger reportsThatFail = new AtomicInteger();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord line) {
            if (reportsThatFail.getAndDecrement() > 0) {
                throw new OutOfMemoryError("no memory for a report");
            }
            reports.add(line);
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
        logger.setUseParentHandlers(false);
        logger.addHandler(listener);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(listener);
        logger.setUseParentHandlers(true);
    }

    @Test
    void errorsInTheWorkAndInTheReportEndNothing() {
        AtomicInteger failures = new AtomicInteger(1);
        Chore chore = new Chore("m", "do what it does", () -> {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("no memory for the work");
            }
            return 7;
        });
        reportsThatFail.set(2);
        assertThat(chore.runAndReport()).isZero();
        assertThat(reports).isEmpty();
        int done = 0;
        for (int turn = 0; turn < 500 && done == 0; turn++) {
            done = chore.runAndReport();
            LockSupport.parkNanos(10_000_000);
        }
        assertThat(done).isEqualTo(7);
        assertThat(reports).singleElement().satisfies(report -> {
            assertThat(report.getMessage()).contains("memory manager m failed to do what it does");
            assertThat(report.getThrown()).hasMessage("no memory for the work");
        });
    }

    @Test
    void oneThatFailsRestsForAWhile() {
        AtomicInteger attempts = new AtomicInteger();
        Chore chore = new Chore("m", "fail", () -> {
            throw new IllegalStateException("attempt " + attempts.incrementAndGet());
        });
        for (int turn = 0; turn < 100; turn++) {
            assertThat(chore.runAndReport()).isZero();
        }
        assertThat(attempts).hasValue(1);
        assertThat(reports).hasSize(1);
    }
}
