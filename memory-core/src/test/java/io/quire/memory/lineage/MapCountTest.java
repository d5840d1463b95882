package io.quire.memory.lineage;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.table.Entry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafPages;
import org.junit.jupiter.api.Test;

class MapCountTest {

    private static final long FRAME = 7 << 12;
    private static final long OTHER = 8 << 12;

    private final long[] frames = new long[64];
    private final long[] leaf = Leaf.create();
    private final long[] fork = Leaf.create();
    private final MapCount seen = new MapCount();

    private void look(long pages) {
        seen.add(leaf, pages, frames);
        seen.add(fork, pages, frames);
    }

    @Test
    void onlyLeavesWithThePageInThatFrameAreCounted() {
        frames[3] = FRAME;
        frames[4] = FRAME;
        frames[5] = FRAME;
        Leaf.set(leaf, 3, Entry.present(FRAME));
        Leaf.set(fork, 3, Entry.writable(Entry.present(FRAME)));
        Leaf.set(leaf, 4, Entry.present(OTHER));
        Leaf.set(fork, 4, Entry.present(FRAME));
        Leaf.set(leaf, 5, Entry.present(FRAME));
        look(LeafPages.of(3) | LeafPages.of(4) | LeafPages.of(6));
        assertThat(seen.mapped(3)).isEqualTo(2);
        assertThat(seen.mapped(4)).isOne();
        assertThat(seen.shared()).isEqualTo(LeafPages.of(3));
        assertThat(seen.mapped(5)).as("a page that was not asked for").isZero();
        assertThat(seen.mapped(6)).as("a page that is in no frame, though it was expected in the frame at 0").isZero();
        assertThat(seen.alike(LeafPages.of(3) | LeafPages.of(4))).isEqualTo(LeafPages.of(3));
        assertThat(seen.alike(LeafPages.of(4))).isEqualTo(LeafPages.of(4));
    }

    @Test
    void pagesAreAlikeIfEquallyManyLeavesMapThem() {
        for (int page = 0; page < 4; page++) {
            frames[page] = FRAME;
            Leaf.set(leaf, page, Entry.present(FRAME));
        }
        Leaf.set(fork, 1, Entry.present(FRAME));
        Leaf.set(fork, 2, Entry.present(FRAME));
        look(0b1111);
        seen.add(fork, LeafPages.of(2), frames);
        assertThat(seen.mapped(2)).isEqualTo(3);
        assertThat(seen.alike(0b1111)).isEqualTo(0b1001);
        assertThat(seen.alike(0b0110)).isEqualTo(0b0010);
        assertThat(seen.alike(0b0100)).isEqualTo(0b0100);
    }

    @Test
    void aPageIsMarkedIfEveryLeafThatMapsItMarksIt() {
        for (int page = 0; page < 4; page++) {
            frames[page] = FRAME;
        }
        long marked = Entry.migrating(Entry.present(FRAME));
        Leaf.set(leaf, 0, marked);
        Leaf.set(fork, 0, marked);
        Leaf.set(leaf, 1, marked);
        Leaf.set(fork, 1, Entry.present(FRAME));
        Leaf.set(leaf, 2, marked);
        Leaf.set(fork, 2, Entry.present(OTHER));
        look(-1L);
        assertThat(seen.isMarked(0)).isTrue();
        assertThat(seen.isMarked(1)).isFalse();
        assertThat(seen.isMarked(2)).as("a page that is in another frame in one leaf").isTrue();
        assertThat(seen.isMarked(3)).as("a page that no leaf maps").isFalse();
    }

    @Test
    void aPageIsExclusiveIfOneLeafThatMapsItSaysSo() {
        frames[1] = FRAME;
        frames[2] = FRAME;
        Leaf.set(leaf, 1, Entry.present(FRAME));
        Leaf.set(fork, 1, Entry.exclusive(Entry.present(FRAME)));
        Leaf.set(leaf, 2, Entry.exclusive(Entry.present(OTHER)));
        look(-1L);
        assertThat(seen.exclusive()).isEqualTo(LeafPages.of(1));
    }
}
