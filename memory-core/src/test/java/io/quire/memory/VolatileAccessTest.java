package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** All threads see volatile and atomic accesses in the same order, also while pages are copied because of forks. */
@Tag("portable")
class VolatileAccessTest {

    private static final int PAGE = 4096;
    private static final Duration WHILE = Duration.ofMillis(700);
    private static final int WORDS = 256;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(4L << 20));

    /** Two threads each write a word and then read the word of the other: at least one sees the write of the other. */
    @Test
    void oneOfTwoThreadsSeesTheOther() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(2 * PAGE);
            Rounds rounds = new Rounds();
            Threads.race(WHILE,
                    running -> meet(space, address, address + PAGE, rounds, 0, running),
                    running -> meet(space, address + PAGE, address, rounds, 1, running));
            assertThat(rounds.looked).isPositive();
        }
    }

    private static void meet(AddressSpace space, long mine, long other, Rounds rounds, int me,
            BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            for (long round = 1; rounds.meet(3 * round - 2, running); round++) {
                for (int i = 0; i < WORDS; i++) {
                    accessor.setLongVolatile(mine + i * Long.BYTES, round);
                    rounds.seen[me][i] = accessor.getLongVolatile(other + i * Long.BYTES);
                }
                if (rounds.meet(3 * round - 1, running) && me == 0) {
                    for (int i = 0; i < WORDS; i++) {
                        assertThat(Math.max(rounds.seen[0][i], rounds.seen[1][i])).isEqualTo(round);
                    }
                    rounds.looked++;
                    space.fork().close(); // the next writes copy the pages, or make them writable again
                }
                rounds.meet(3 * round, running);
            }
        }
    }

    /** Lets two threads meet again and again. */
    private static final class Rounds {

        private static final int SPINS = 1_000;

        final long[][] seen = new long[2][WORDS];
        private final AtomicLong arrivals = new AtomicLong();
        private int looked;

        /** Waits until both threads have come to the meeting; returns false if the race is over. */
        boolean meet(long meeting, BooleanSupplier running) {
            arrivals.incrementAndGet();
            for (int spins = 0; arrivals.get() < 2 * meeting; spins++) {
                if (!running.getAsBoolean()) {
                    return false;
                }
                if (spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
            return true;
        }
    }

    /** An exchange and a volatile write make a lock, which guards a plain write. */
    @Test
    void exchangesMakeALock() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long lock = space.map(2 * PAGE);
            AtomicLong turns = new AtomicLong();
            Threads.race(WHILE,
                    running -> countLocked(space.accessor(), lock, turns, running),
                    running -> countLocked(space, lock, turns, running),
                    running -> {
                        while (running.getAsBoolean()) {
                            space.fork().close();
                            Thread.sleep(1);
                        }
                    });
            assertThat(space.getLong(lock + PAGE)).isEqualTo(turns.get()).isPositive();
        }
    }

    private static void countLocked(MemoryAccess access, long lock, AtomicLong turns, BooleanSupplier running) {
        while (running.getAsBoolean()) {
            if (access.compareAndExchangeInt(lock, 0, 1) == 0) {
                access.setLong(lock + PAGE, access.getLong(lock + PAGE) + 1);
                turns.incrementAndGet();
                access.setIntVolatile(lock, 0);
            } else {
                Thread.onSpinWait();
            }
        }
        if (access instanceof Accessor accessor) {
            accessor.close();
        }
    }

    /** Each value that is exchanged out of a word goes to exactly one thread. */
    @Test
    void eachValueIsTakenOnce() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long word = space.map(PAGE);
            AtomicLong put = new AtomicLong();
            AtomicLong taken = new AtomicLong();
            Threads.race(WHILE,
                    running -> {
                        while (running.getAsBoolean()) {
                            put.incrementAndGet();
                            space.getAndAddLong(word, 1);
                        }
                    },
                    running -> {
                        try (Accessor accessor = space.accessor()) {
                            while (running.getAsBoolean()) {
                                taken.addAndGet(accessor.getAndSetLong(word, 0));
                                space.fork().close();
                            }
                        }
                    });
            assertThat(taken.get() + space.getLong(word)).isEqualTo(put.get()).isPositive();
        }
    }

    @Test
    void anExchangeThatFailsCopiesThePageAndChangesNothing() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setLong(address, 5);
            try (AddressSpace fork = space.fork()) {
                assertThat(space.compareAndExchangeLong(address, 4, 6)).isEqualTo(5);
                assertThat(space.getLongVolatile(address)).isEqualTo(5);
                assertThat(fork.getLongVolatile(address)).isEqualTo(5);
                assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(2 * PAGE);
            }
        }
    }
}
