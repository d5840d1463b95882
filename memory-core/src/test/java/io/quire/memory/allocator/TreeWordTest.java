package io.quire.memory.allocator;

import static io.quire.memory.allocator.TreeWord.REFUSED;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TreeWordTest {
    //            0 (1 bit), RECENT (4), USED (4), OWNER (7), and H (1) with FREE (11) of lane 3, 2, 1, 0
    private static final long WHOLE =
            0b0_0000_0000_0000000_001000000000_001000000000_001000000000_001000000000L;
    private static final long OWNER_ONE =
            0b0_0000_0000_0000001_000000000000_000000000000_000000000000_000000000000L;
    private static final long OWNER_LAST =
            0b0_0000_0000_1111111_000000000000_000000000000_000000000000_000000000000L;
    private static final long HUGE_TWO =
            0b0_0100_0100_0000000_000000000000_100000000000_000000000000_000000000000L;

    /** USED and RECENT of lane 0, which every allocation sets. */
    private static final long TAKEN_ZERO =
            0b0_0001_0001_0000000_000000000000_000000000000_000000000000_000000000000L;
    private static final long USED_ALL =
            0b0_0000_1111_0000000_000000000000_000000000000_000000000000_000000000000L;

    private static long taken(int lane) {
        return TAKEN_ZERO << lane;
    }

    @Test
    void fieldsLieWhereThePictureDrawsThem() {
        assertThat(TreeWord.ofFree(2048)).isEqualTo(WHOLE);
        assertThat(TreeWord.own(0, 1)).isEqualTo(OWNER_ONE);
        assertThat(TreeWord.own(0, TreeWord.OWNER_MAX)).isEqualTo(OWNER_LAST);
        assertThat(TreeWord.takeHuge(512L << 24, 2)).isEqualTo(HUGE_TWO);
        assertThat(TreeWord.take(WHOLE, 1, 512)).isEqualTo(WHOLE & ~(0xFFFL << 12) | taken(1));
        assertThat(TreeWord.use(WHOLE)).isEqualTo(WHOLE | USED_ALL);
    }

    @Test
    void aNewTreeCountsTheFramesThatExist() {
        for (int frames = 0; frames <= 2048; frames++) {
            long word = TreeWord.ofFree(frames);
            assertThat(TreeWord.free(word)).isEqualTo(frames);
            for (int lane = 0; lane < 4; lane++) {
                assertThat(TreeWord.free(word, lane)).isEqualTo(Math.clamp(frames - lane * 512L, 0, 512));
            }
        }
    }

    @Test
    void takeAndGiveMoveOneLaneOnlyAndNeverPassItsEnds() {
        for (int lane = 0; lane < 4; lane++) {
            long others = TreeWord.own(WHOLE, 77) & ~(0xFFFL << lane * 12);
            for (int free = 0; free <= 512; free++) {
                long word = others | (long) free << lane * 12;
                for (int count = 1; count <= 512; count++) {
                    long less = free >= count
                            ? others | (long) (free - count) << lane * 12 | taken(lane) : REFUSED;
                    long more = free + count <= 512 ? others | (long) (free + count) << lane * 12 : REFUSED;
                    boolean right = TreeWord.take(word, lane, count) == less
                            && TreeWord.give(word, lane, count) == more;
                    if (!right) {
                        throw new AssertionError("lane=" + lane + ", free=" + free + ", count=" + count);
                    }
                }
            }
        }
    }

    @Test
    void onlyAWhollyFreeAreaBecomesHuge() {
        for (int lane = 0; lane < 4; lane++) {
            for (int free = 0; free <= 512; free++) {
                long next = TreeWord.takeHuge((long) free << lane * 12, lane);
                assertThat(next).isEqualTo(free == 512 ? 0x800L << lane * 12 | taken(lane) : REFUSED);
            }
        }
    }

    @Test
    void aHugeAreaRefusesEverythingButItsFree() {
        for (int lane = 0; lane < 4; lane++) {
            long huge = TreeWord.takeHuge(TreeWord.own(WHOLE, 9), lane);
            assertThat(TreeWord.isHuge(huge, lane)).isTrue();
            assertThat(TreeWord.free(huge, lane)).isZero();
            assertThat(TreeWord.free(huge)).isEqualTo(3 * 512);
            assertThat(TreeWord.takeHuge(huge, lane)).isEqualTo(REFUSED);
            assertThat(TreeWord.take(huge, lane, 1)).isEqualTo(REFUSED);
            assertThat(TreeWord.give(huge, lane, 1)).isEqualTo(REFUSED);
            assertThat(TreeWord.giveHuge(huge, lane)).isEqualTo(TreeWord.own(WHOLE, 9) | taken(lane));
            assertThat(TreeWord.giveHuge(WHOLE, lane)).isEqualTo(REFUSED);
        }
    }

    @Test
    void onlyAWhollyFreeUsedAreaIsGivenBackAndCountsAsUnusedThen() {
        for (int lane = 0; lane < 4; lane++) {
            assertThat(TreeWord.takeUsed(WHOLE, lane, true)).as("never used").isEqualTo(REFUSED);
            long inUse = TreeWord.take(TreeWord.own(WHOLE, 9), lane, 1);
            assertThat(TreeWord.takeUsed(inUse, lane, true)).as("in use").isEqualTo(REFUSED);
            long free = TreeWord.give(inUse, lane, 1);
            long huge = TreeWord.takeUsed(free, lane, true);
            assertThat(TreeWord.isHuge(huge, lane)).isTrue();
            assertThat(TreeWord.takeUsed(huge, lane, true)).isEqualTo(REFUSED);
            assertThat(TreeWord.giveHuge(huge, lane)).as("the word when the system refused the area").isEqualTo(free);
            assertThat(TreeWord.giveBack(huge, lane)).isEqualTo(TreeWord.own(WHOLE, 9));
            assertThat(TreeWord.giveBack(free, lane)).isEqualTo(REFUSED);
        }
    }

    @Test
    void anAreaIsIdleWhenItWasFreeAtTwoLooksAndNotTakenInBetween() {
        for (int lane = 0; lane < 4; lane++) {
            long inUse = TreeWord.take(WHOLE, lane, 3);
            assertThat(TreeWord.age(inUse, lane)).as("in use").isEqualTo(REFUSED);
            long free = TreeWord.give(inUse, lane, 3);
            assertThat(TreeWord.takeUsed(free, lane, false)).as("just freed").isEqualTo(REFUSED);
            long seen = TreeWord.age(free, lane);
            assertThat(TreeWord.isUsed(seen, lane)).isTrue();
            assertThat(TreeWord.age(seen, lane)).as("seen before").isEqualTo(REFUSED);
            assertThat(TreeWord.takeUsed(seen, lane, false)).isNotEqualTo(REFUSED);
            long again = TreeWord.give(TreeWord.take(seen, lane, 1), lane, 1);
            assertThat(TreeWord.takeUsed(again, lane, false)).as("taken in between").isEqualTo(REFUSED);
        }
    }

    @Test
    void aTreeHasOneOwnerAtATime() {
        for (int owner = 1; owner <= TreeWord.OWNER_MAX; owner++) {
            long word = TreeWord.own(WHOLE, owner);
            assertThat(TreeWord.owner(word)).isEqualTo(owner);
            assertThat(TreeWord.isOwned(word)).isTrue();
            assertThat(TreeWord.own(word, 1)).isEqualTo(REFUSED);
            assertThat(TreeWord.disown(word, owner % TreeWord.OWNER_MAX + 1)).isEqualTo(REFUSED);
            assertThat(TreeWord.disown(word, owner)).isEqualTo(WHOLE);
        }
        assertThat(TreeWord.disown(WHOLE, 1)).isEqualTo(REFUSED);
    }

    @Test
    void laneWithGoesInACircle() {
        long word = TreeWord.take(TreeWord.take(WHOLE, 1, 512), 2, 500);
        assertThat(TreeWord.laneWith(word, 1, 1)).isEqualTo(2);
        assertThat(TreeWord.laneWith(word, 1, 13)).isEqualTo(3);
        assertThat(TreeWord.laneWith(TreeWord.take(word, 3, 512), 1, 13)).isZero();
        assertThat(TreeWord.laneWith(0, 3, 1)).isEqualTo(FrameUnits.NONE);
    }

    @Test
    void partlyUsedTreesRateBestAndOwnedTreesLast() {
        assertThat(TreeWord.rate(0)).isZero();
        assertThat(TreeWord.rate(TreeWord.own(WHOLE, 3))).isEqualTo(1);
        assertThat(TreeWord.rate(TreeWord.ofFree(63))).isEqualTo(2);
        assertThat(TreeWord.rate(WHOLE)).isEqualTo(3);
        assertThat(TreeWord.rate(TreeWord.ofFree(1025))).isEqualTo(3);
        assertThat(TreeWord.rate(TreeWord.ofFree(64))).isEqualTo(TreeWord.RATE_BEST);
        assertThat(TreeWord.rate(TreeWord.ofFree(1024))).isEqualTo(TreeWord.RATE_BEST);
        assertThat(TreeWord.isAcceptable(1)).isFalse();
        assertThat(TreeWord.isAcceptable(2)).isTrue();
    }

    @Test
    void toStringDecodesEveryField() {
        long word = TreeWord.takeHuge(TreeWord.take(TreeWord.own(WHOLE, 5), 0, 12), 2);
        assertThat(TreeWord.toString(word)).isEqualTo("owner=5 free=500|512|huge|512");
    }
}
