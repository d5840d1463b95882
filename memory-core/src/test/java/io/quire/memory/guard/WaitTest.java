package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.WaitTimeoutException;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WaitTest {

    /** How many times to wait near the end of a stack. */
    private static final int WAITS = 200;

    private int waits;

    @Test
    void returnsAtOnceIfTheConditionHolds() {
        AtomicInteger asked = new AtomicInteger();

        Wait.until(() -> asked.incrementAndGet() == 1);

        assertThat(asked).hasValue(1);
    }

    @Test
    void givesUpAfterTheLimitAndNamesWhatItWaitedFor() {
        assertThatThrownBy(() -> Wait.until(() -> false, Duration.ofMillis(5), () -> "a write by thread w"))
                .isInstanceOf(WaitTimeoutException.class).hasMessageContaining("a write by thread w")
                .hasMessageContaining("5 ms");
    }

    @Test
    void checksTheConditionOnceWithNoTimeAtAll() {
        assertThat(Wait.tryUntil(() -> true, 0)).isTrue();
        assertThat(Wait.tryUntil(() -> false, 0)).isFalse();
    }

    @Test
    void anInterruptedThreadSleepsAndStaysInterrupted() throws InterruptedException {
        AtomicBoolean done = new AtomicBoolean();
        AtomicBoolean stillInterrupted = new AtomicBoolean();
        AtomicLong cpuNanos = new AtomicLong();
        Thread waiting = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            Wait.until(done::get);
            stillInterrupted.set(Thread.currentThread().isInterrupted());
            cpuNanos.set(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime());
        });

        Thread.sleep(400);
        waiting.interrupt();
        Thread.sleep(400);
        done.set(true);
        waiting.join();

        assertThat(stillInterrupted).isTrue();
        assertThat(cpuNanos.get()).isLessThan(TimeUnit.MILLISECONDS.toNanos(400));
    }

    @Test
    void anErrorInTheConditionRestoresTheInterrupt() {
        AtomicBoolean slept = new AtomicBoolean();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> Wait.until(() -> {
            if (!Thread.currentThread().isInterrupted()) {
                slept.set(true);
                throw new StackOverflowError("for this test");
            }
            return false;
        })).isInstanceOf(StackOverflowError.class);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(slept).isTrue();
    }

    /** Such a thread cannot leave its carrier: that would need stack for each of its frames. */
    @Test
    void aVirtualThreadWaitsWithAFullStackToo() throws InterruptedException {
        Threads.race(Thread.ofVirtual().factory(), Duration.ZERO, running -> {
            for (int calls = 0; waits < WAITS; calls++) {
                StackEnd.above(calls, this::waitIfThereIsRoom);
            }
        });
    }

    private void waitIfThereIsRoom() {
        StackRoom.require();
        waits++;
        try {
            Wait.tryUntil(() -> false, TimeUnit.MICROSECONDS.toNanos(200));
        } catch (StackOverflowError unexpected) {
            throw new AssertionError("a wait did not fit into the room", unexpected);
        }
    }
}
