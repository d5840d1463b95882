package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class InvalidationWordTest {

    private static final long LAST_PAGE = Geometry.ADDRESS_LIMIT - Geometry.PAGE_BYTES;
    private static final long VERSIONS = 1L << 26;

    private static LongStream everyKind() {
        return LongStream.of(TranslationVersion.NODES, TranslationVersion.WRITES, TranslationVersion.ALL, 0,
                Geometry.PAGE_BYTES, LAST_PAGE, TranslationVersion.leafOf(0), TranslationVersion.leafOf(LAST_PAGE));
    }

    @Test
    void aWordSaysWhatWasInvalidated() {
        for (long version : new long[] {0, 1, VERSIONS - 1, VERSIONS, Long.MAX_VALUE}) {
            everyKind().forEach(what -> assertThat(InvalidationWord.what(InvalidationWord.of(version, what)))
                    .isEqualTo(what));
        }
    }

    @Test
    void aWordIsOfItsVersionAndOfNoOtherNearIt() {
        for (long version : new long[] {0, 1, 2, VERSIONS - 1, VERSIONS, 5 * VERSIONS + 3, Long.MAX_VALUE - 100}) {
            everyKind().forEach(what -> {
                long word = InvalidationWord.of(version, what);
                assertThat(InvalidationWord.isOf(word, version)).isTrue();
                for (long other = 1; other < 100; other++) {
                    assertThat(InvalidationWord.isOf(word, version + other)).isFalse();
                    assertThat(InvalidationWord.isOf(word, version - other)).isFalse();
                }
            });
        }
    }

    @Test
    void anEmptyPlaceIsOfNoEarlyVersion() {
        for (long version = 1; version < 100; version++) {
            assertThat(InvalidationWord.isOf(0, version)).isFalse();
        }
    }
}
