package io.quire.memory.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The words that a store is made of. */
class NodeWordsTest {

    private static final int LAST_PAGE = (1 << 23) - 1;
    private static final int[] PAGES = {0, 1, 2, 255, 256, 4097, LAST_PAGE - 1, LAST_PAGE};

    @Test
    void noteHoldsItsPieceOfAnyPage() {
        for (int page : PAGES) {
            for (int granule = 0; granule < 256; granule++) {
                for (int granules = 1; granules <= 256 - granule; granules += 5) {
                    int ref = NodeRef.of(page, granule);
                    for (int each : new int[] {ref, NodeRef.inner(ref)}) {
                        long note = Note.of(each, granules);
                        assertThat(Note.page(note)).isEqualTo(page);
                        assertThat(Note.granules(note)).isEqualTo(granules);
                        assertThat(Note.ofByPage(Note.byPage(note))).isEqualTo(note);
                        assertThat(Note.isSane(note, page, page + 1)).isTrue();
                        assertThat(Note.isSane(note, page + 1, page + 2)).isFalse();
                        assertThat(Note.isSane(note, page - 1, page)).isFalse();
                        assertThat(Note.isOfTaken(note)).isEqualTo(granules == 256);
                    }
                }
            }
        }
    }

    @Test
    void notesAreSortedByPage() {
        long[] sorted = {Note.of(NodeRef.of(2, 255), 1), Note.ofTaken(3), Note.of(NodeRef.of(3, 7), 16),
            Note.of(NodeRef.of(LAST_PAGE, 0), 1)};
        long[] numbers = Arrays.stream(sorted).map(Note::byPage).toArray();
        assertThat(numbers).isSorted();
    }

    @Test
    void notesOfAPageThatWasTakenAndFreedAddUpToNothing() {
        int sum = Note.delta(Note.ofTaken(5));
        assertThat(sum).isEqualTo(256);
        for (int granule = 0; granule < 256; granule += 16) {
            sum += Note.delta(Note.of(NodeRef.of(5, granule), 16));
        }
        assertThat(sum).isZero();
    }

    @Test
    void impossibleNotesAreTold() {
        assertThat(Note.isSane(0, 0, 10)).isFalse();
        assertThat(Note.isSane(-1, 0, 10)).isFalse();
        assertThat(Note.isSane(Note.of(NodeRef.of(5, 250), 7), 0, 10)).isFalse();
        assertThat(Note.isSane(Note.of(NodeRef.of(5, 0), 257), 0, 10)).isFalse();
        assertThat(Note.isSane(NodeRef.of(5, 0), 0, 10)).isFalse();
        assertThat(Note.isSane(1L << 31 | Note.of(NodeRef.of(5, 0), 16), 0, 10)).isFalse();
    }

    @Test
    void openPageIsFilledToItsEnd() {
        for (int page : PAGES) {
            long open = OpenPage.of(page, 0);
            for (int fill = 0; fill <= 256; fill += 4) {
                assertThat(OpenPage.page(open)).isEqualTo(page);
                assertThat(OpenPage.fill(open)).isEqualTo(fill);
                assertThat(OpenPage.room(open)).isEqualTo(256 - fill);
                assertThat(OpenPage.isSane(open, page, page + 1)).isTrue();
                assertThat(OpenPage.isSane(open, page + 1, page + 2)).isEqualTo(open == OpenPage.NONE);
                open = OpenPage.filled(open, 4);
            }
            assertThat(OpenPage.isSane(open, page, page + 1)).isFalse(); // filled over its end
        }
        assertThat(OpenPage.room(OpenPage.NONE)).isZero();
        assertThat(OpenPage.isSane(OpenPage.NONE, 5, 6)).isTrue();
        assertThat(OpenPage.isSane(-1, 0, Integer.MAX_VALUE)).isFalse();
        assertThat(OpenPage.isSane(1L << 62, 0, Integer.MAX_VALUE)).isFalse();
    }

    @Test
    void referenceReachesEveryGranule() {
        for (int page : PAGES) {
            for (int granule = 0; granule < 256; granule++) {
                int ref = NodeRef.of(page, granule);
                for (int each : new int[] {ref, NodeRef.inner(ref)}) {
                    assertThat(NodeRef.page(each)).isEqualTo(page);
                    assertThat(NodeRef.granule(each)).isEqualTo(granule);
                    assertThat(NodeRef.offset(each)).isEqualTo(4096L * page + 16 * granule);
                    assertThat(NodeRef.isInner(each)).isEqualTo(each != ref);
                    assertThat(NodeRef.isWithin(each, 16, page, page + 1)).isEqualTo(granule <= 240);
                    assertThat(NodeRef.isWithin(each, 1, page + 1, page + 2)).isFalse();
                    assertThat(NodeRef.isWithin(each, 1, page - 1, page)).isFalse();
                }
            }
        }
        assertThat(NodeRef.toString(NodeRef.NONE)).isEqualTo("none");
        assertThat(NodeRef.toString(NodeRef.inner(NodeRef.of(7, 8)))).isEqualTo("7:8 inner");
    }

    /** All pairs of levels and digits, and what a counter of 16 digits, the root's first, would say. */
    @Test
    void nextGoesInTheOrderOfTheDigits() {
        assertThat(Trie.next(0, 0, 1)).isEqualTo(1);
        assertThat(Trie.next(0, 0, 16)).isZero();
        for (int level = 0; level < Trie.DEPTH_MAX; level++) {
            for (int digit = 0; digit < 16; digit++) {
                long hash = 0xFEDC_BA98_7654_3210L;
                long next = Trie.next(hash, level, digit);
                for (int each = 0; each < Trie.DEPTH_MAX; each++) {
                    assertThat(Trie.digit(next, each))
                            .isEqualTo(each < level ? Trie.digit(hash, each) : each == level ? digit : 0);
                }
            }
        }
        assertThat(Trie.next(0xF3, 1, 16)).isEqualTo(4);
        assertThat(Trie.next(0xFF3, 2, 16)).isEqualTo(4);
        assertThat(Trie.next(-1, 15, 16)).isZero();
    }

    @Test
    void walkOfAllDigitsOfThreeLevelsEndsAfterEachWasSeenOnce() {
        int steps = 0;
        long last = -1;
        long hash = 0;
        do {
            long inOrder = (long) Trie.digit(hash, 0) << 8 | Trie.digit(hash, 1) << 4 | Trie.digit(hash, 2);
            assertThat(inOrder).isEqualTo(last + 1);
            last = inOrder;
            steps++;
            hash = Trie.next(hash, 2, Trie.digit(hash, 2) + 1);
        } while (hash != 0);
        assertThat(steps).isEqualTo(16 * 16 * 16);
    }

    @Test
    void stretchIsTheLargestAlignedRunOfOneReference() {
        for (int length = 1; length <= 16; length *= 2) {
            for (int from = 0; from < 16; from += length) {
                int[] refs = new int[16];
                for (int i = 0; i < 16; i++) {
                    refs[i] = i >= from && i < from + length ? 99 : i;
                }
                for (int i = 0; i < 16; i++) {
                    assertThat(Trie.stretchLength(refs, i)).isEqualTo(i >= from && i < from + length ? length : 1);
                }
            }
        }
        int[] unaligned = {1, 2, 2, 3, 2, 2, 2, 2, 4, 4, 4, 5, 0, 0, 0, 0};
        int[] lengths = {1, 1, 1, 1, 4, 4, 4, 4, 2, 2, 1, 1, 4, 4, 4, 4};
        for (int i = 0; i < 16; i++) {
            assertThat(Trie.stretchLength(unaligned, i)).isEqualTo(lengths[i]);
        }
    }
}
