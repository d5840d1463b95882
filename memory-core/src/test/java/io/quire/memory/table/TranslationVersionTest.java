package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class TranslationVersionTest {

    private static final long OFFSET = 0x1234_5000L;

    private final TranslationVersion translations = new TranslationVersion();
    private final TranslationCache cache = new TranslationCache();

    @Test
    void everyInvalidationMakesANewVersion() {
        long before = translations.version();
        assertThat(translations.isStill(before)).isTrue();
        translations.invalidate(TranslationVersion.NODES);
        assertThat(translations.isStill(before)).isFalse();
        assertThat(translations.version()).isEqualTo(before + 1);
    }

    @Test
    void onlyInvalidatedPagesAreForgotten() {
        long seen = keepThreePages();
        translations.invalidate(0x2000);
        translations.invalidate(TranslationVersion.NODES);
        translations.apply(cache, seen, translations.version());
        assertThat(cache.findWritable(0x1000)).isEqualTo(OFFSET + 0x1000);
        assertThat(cache.find(0x2000)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.findWritable(0x3000)).isEqualTo(OFFSET + 0x3000);
    }

    @Test
    void invalidatedWritesKeepTheReads() {
        long seen = keepThreePages();
        translations.invalidate(TranslationVersion.WRITES);
        translations.apply(cache, seen, translations.version());
        assertThat(cache.findWritable(0x1000)).isEqualTo(TranslationCache.MISS);
        assertThat(cache.find(0x1000)).isEqualTo(OFFSET + 0x1000);
    }

    @Test
    void everythingIsForgottenWhenEverythingIsInvalidated() {
        long seen = keepThreePages();
        translations.invalidate(TranslationVersion.ALL);
        translations.apply(cache, seen, translations.version());
        assertThat(cache.find(0x1000)).isEqualTo(TranslationCache.MISS);
    }

    @Test
    void cacheThatIsTooFarBehindForgetsEverything() {
        for (int late = 1; late < 100; late++) {
            long seen = keepThreePages();
            translations.invalidate(0x2000);
            for (int i = 1; i < late; i++) {
                translations.invalidate(TranslationVersion.NODES);
            }
            translations.apply(cache, seen, translations.version());
            assertThat(cache.find(0x2000)).as("late by %d", late).isEqualTo(TranslationCache.MISS);
        }
    }

    @Test
    void pageInvalidatedWhileACacheCatchesUpIsForgotten() throws InterruptedException {
        // The other thread invalidates page after page, so that remembered words are reused while this thread reads
        // them.
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread withdrawing = Thread.ofPlatform().start(() -> {
            for (long page = 1; running.get(); page++) {
                translations.invalidate((page & 255) << 12);
                for (long pause = page & 63; pause > 0; pause--) {
                    Thread.onSpinWait();
                }
            }
        });
        try {
            long seen = translations.version();
            for (int round = 0; round < 300_000; round++) {
                // Version n invalidated page n & 255, so a page that is kept now stays valid until its turn comes
                // round.
                long now = translations.version();
                translations.apply(cache, seen, now);
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
        return translations.version();
    }
}
