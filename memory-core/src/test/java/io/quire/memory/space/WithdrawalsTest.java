package io.quire.memory.space;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.table.TranslationCache;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class WithdrawalsTest {

    private static final long OFFSET = 0x1234_5000L;

    private final Withdrawals withdrawals = new Withdrawals();
    private final TranslationCache cache = new TranslationCache();

    @Test
    void everyWithdrawalIsANewVersion() {
        long before = withdrawals.version();
        assertThat(withdrawals.isStill(before)).isTrue();
        withdrawals.withdraw(Withdrawals.NODES);
        assertThat(withdrawals.isStill(before)).isFalse();
        assertThat(withdrawals.version()).isEqualTo(before + 1);
    }

    @Test
    void onlyWhatWasWithdrawnIsForgotten() {
        long seen = keepThreePages();
        withdrawals.withdraw(0x2000);
        withdrawals.withdraw(Withdrawals.NODES);
        withdrawals.apply(cache, seen, withdrawals.version());
        assertThat(cache.findWritable(0x1000)).isEqualTo(OFFSET + 0x1000);
        assertThat(cache.find(0x2000)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.findWritable(0x3000)).isEqualTo(OFFSET + 0x3000);
    }

    @Test
    void withdrawnWritesLeaveTheReads() {
        long seen = keepThreePages();
        withdrawals.withdraw(Withdrawals.WRITES);
        withdrawals.apply(cache, seen, withdrawals.version());
        assertThat(cache.findWritable(0x1000)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.find(0x1000)).isEqualTo(OFFSET + 0x1000);
    }

    @Test
    void everythingIsForgottenWhenAllIsWithdrawn() {
        long seen = keepThreePages();
        withdrawals.withdraw(Withdrawals.ALL);
        withdrawals.apply(cache, seen, withdrawals.version());
        assertThat(cache.find(0x1000)).isEqualTo(TranslationCache.MISS);
    }

    @Test
    void whoComesTooLateForgetsEverything() {
        for (int late = 1; late < 100; late++) {
            long seen = keepThreePages();
            withdrawals.withdraw(0x2000);
            for (int i = 1; i < late; i++) {
                withdrawals.withdraw(Withdrawals.NODES);
            }
            withdrawals.apply(cache, seen, withdrawals.version());
            assertThat(cache.find(0x2000)).as("late by %d", late).isEqualTo(TranslationCache.MISS);
        }
    }

    @Test
    void pageThatIsWithdrawnWhileACacheCatchesUpIsForgotten() throws InterruptedException {
        // The other thread withdraws page after page, so that remembered words are used again while they are read.
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread withdrawing = Thread.ofPlatform().start(() -> {
            for (long page = 1; running.get(); page++) {
                withdrawals.withdraw((page & 255) << 12);
                for (long pause = page & 63; pause > 0; pause--) {
                    Thread.onSpinWait();
                }
            }
        });
        try {
            long seen = withdrawals.version();
            for (int round = 0; round < 300_000; round++) {
                // Version n withdrew page n & 255: a page kept now is good until its version comes around.
                long now = withdrawals.version();
                withdrawals.apply(cache, seen, now);
                for (long version = Math.max(seen + 1, now - 255); version <= now; version++) {
                    assertThat(cache.find((version & 255) << 12)).isEqualTo(TranslationCache.MISS);
                }
                for (long page = 0; page < 256; page++) {
                    cache.keep(page << 12, OFFSET);
                }
                seen = now;
            }
        } catch (AssertionError stale) {
            failure.set(stale);
        } finally {
            running.set(false);
            withdrawing.join();
        }
        assertThat(failure.get()).isNull();
    }

    private long keepThreePages() {
        for (long page = 0x1000; page <= 0x3000; page += 0x1000) {
            cache.keepWritable(page, OFFSET + page);
        }
        return withdrawals.version();
    }
}
