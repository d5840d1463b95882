package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The words of a log are overwritten at random, also while it is open. Every call must end, with a result or with an
 * exception that the log documents. The pages before and behind it must not change.
 */
@ExtendWith(Seed.class)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForgedLogWordsTest {

    private static final int ROUNDS = 1_500;
    private static final int PAGE = 4096;
    private static final long CAPACITY = 1 << 14;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(8L << 20);

    @Test
    void callsEndAndNothingOutsideIsTouched(SplittableRandom random) {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long before = sentinel(space);
            ForkableLog log = ForkableLog.create(space, CAPACITY);
            long behind = sentinel(space);
            for (int i = 0; i < 100; i++) {
                log.append(new byte[i * 3]);
                if (log.sizeBytes() > CAPACITY / 2) {
                    log.cutBefore(log.endPosition());
                }
            }
            int damaged = 0;
            for (int round = 0; round < ROUNDS; round++) {
                try (AddressSpace victim = space.fork()) {
                    damaged += oneRound(victim, log.with(victim), random);
                    checkSentinel(victim, before);
                    checkSentinel(victim, behind);
                }
            }
            assertThat(damaged).isPositive();
        }
    }

    private static long sentinel(AddressSpace space) {
        long address = space.map(PAGE);
        space.fill(address, PAGE, (byte) 0x5A);
        return address;
    }

    private static void checkSentinel(AddressSpace victim, long address) {
        byte[] found = new byte[PAGE];
        victim.copyTo(address, found, 0, PAGE);
        assertThat(found).containsOnly(0x5A);
    }

    /** Returns 1 if the log was found to be damaged. */
    private static int oneRound(AddressSpace victim, ForkableLog open, SplittableRandom random) {
        long first = open.firstPosition();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int word = random.nextInt(3) > 0 ? random.nextInt(8) : (PAGE + random.nextInt((int) CAPACITY)) / 8;
            victim.setLong(open.address() + 8L * word, forged(random, victim.getLong(open.address() + 8L * word)));
        }
        int[] damaged = {0};
        for (int i = 0; i < 3; i++) {
            tolerated(damaged, () -> open.append(new byte[random.nextInt(3_000)]));
            tolerated(damaged, () -> open.read(first));
            tolerated(damaged, () -> readAll(open));
            tolerated(damaged, () -> readAll(ForkableLog.open(victim, open.address())));
            tolerated(damaged, () -> open.cutBefore(open.endPosition()));
            tolerated(damaged, () -> open.cutBefore(forged(random, first)));
            tolerated(damaged, open::sizeBytes);
        }
        return Math.min(damaged[0], 1);
    }

    private static void readAll(ForkableLog log) {
        LogCursor cursor = log.cursor();
        for (int i = 0; i < 10_000 && cursor.next(); i++) {
            assertThat(cursor.record()).hasSize(cursor.length());
        }
    }

    private static long forged(SplittableRandom random, long now) {
        return switch (random.nextInt(6)) {
            case 0 -> random.nextLong();
            case 1 -> now + 8 * (random.nextInt(2_000) - 1_000);
            case 2 -> now ^ 1L << random.nextInt(64);
            case 3 -> random.nextInt(100_000) * 8L;
            case 4 -> -1;
            default -> Long.MAX_VALUE & -8;
        };
    }

    private static void tolerated(int[] damaged, Runnable call) {
        try {
            call.run();
        } catch (IllegalStateException refused) {
            assertThat(refused.getMessage()).containsAnyOf("the log is damaged", "was cut");
            damaged[0]++;
        } catch (IllegalArgumentException | MemoryException fine) {
            assertThat(fine).hasMessageNotContaining("null");
        }
    }
}
