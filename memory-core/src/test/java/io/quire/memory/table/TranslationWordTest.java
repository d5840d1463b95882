package io.quire.memory.table;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TranslationWordTest {

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        //                                              TTTT_OOOOOOOOO_SSS
        assertThat(TranslationWord.of(0xFFFF, 0, 0)).isEqualTo(0xFFFF_000000000_000L);
        assertThat(TranslationWord.of(0, 0xFFFF_FFFF_F000L, 0)).isEqualTo(0x0000_FFFFFFFFF_000L);
        assertThat(TranslationWord.of(0, 0, TranslationWord.STAMP_MAX)).isEqualTo(0x0000_000000000_FFFL);
    }

    @Test
    void fieldsDoNotTouchEachOther() {
        for (long tag : new long[] {1, 2, 0x7FFF, 0xFFFF}) {
            for (long offset : new long[] {0, 0x1000, 0x7FFF_FFFF_F000L, 0xFFFF_FFFF_F000L}) {
                for (long stamp : new long[] {0, 1, TranslationWord.STAMP_MAX}) {
                    long word = TranslationWord.of(tag, offset, stamp);
                    assertThat(TranslationWord.hasTag(word, tag)).isTrue();
                    assertThat(TranslationWord.hasTag(word, tag ^ 1)).isFalse();
                    assertThat(TranslationWord.offset(word)).isEqualTo(offset);
                    assertThat(TranslationWord.hasTagAndStamp(word, tag, stamp)).isTrue();
                    assertThat(TranslationWord.hasTagAndStamp(word, tag ^ 1, stamp)).isFalse();
                    assertThat(TranslationWord.hasTagAndStamp(word, tag, stamp ^ 1)).isFalse();
                    assertThat(TranslationWord.hasTagAndStamp(word, tag | 1L << 16, stamp)).isFalse();
                }
            }
        }
    }

    @Test
    void noTagMatchesNoTranslation() {
        for (int shift = 21; shift <= 30; shift += 3) {
            for (long address : new long[] {0, 1, 0xFFFEL << shift, 0xFFFFL << shift, 1L << 47, -1, Long.MAX_VALUE,
                Long.MIN_VALUE}) {
                long tag = TranslationWord.tag(address, shift);
                assertThat(tag).isPositive();
                assertThat(TranslationWord.hasTag(TranslationWord.NONE, tag)).isFalse();
                assertThat(TranslationWord.hasTagAndStamp(TranslationWord.NONE, tag, 1)).isFalse();
                assertThat(TranslationWord.fits(tag)).isEqualTo(address >= 0 && address >> shift < 0xFFFF);
            }
        }
    }
}
