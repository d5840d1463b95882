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

/** Volatile and atomic accesses have one order for all threads, also while forks have their pages copied. */
@Tag("portable")
class VolatileAccessTest {

    private static final int PAGE = 4096;
    private static final Duration WHILE = Duration.ofMillis(700);
    private static final int WORDS = 256;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(4L << 20));

    /** Of two threads that each write a word and then read the other's, at least one sees what the other wrote. */
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
                    space.fork().close(); // the next writes take other pages, or take these anew
                }
                rounds.meet(3 * round, running);
            }
        }
    }

    /** Two threads that wait for each other, again and again. */
    private static final class Rounds {

        private static final int SPINS = 1_000;

        final long[][] seen = new long[2][WORDS];
        private final AtomicLong arrivals = new AtomicLong();
        private int looked;

        /** Waits until both have come to the meeting; false if the time is over. */
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

    /** A lock made of an exchange and a volatile write guards what is written in between. */
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

    /** What is exchanged out of a word goes to one thread only, and nothing is lost. */
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
    void anExchangeThatFindsAnotherValueCopiesThePageOnly() {
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
