package io.quire.memory.bench.move;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.quire.memory.bench.fixture.Pages;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A cache as people write it by hand. It keeps the used pages of a large memory in a small one, and evicts the page
 * that was used longest ago, which it copies back if it was written. For one thread; no forks, no pins.
 */
final class CopyInCache {

    private static final int NOWHERE = -1;

    private final MemorySegment home;
    private final MemorySegment cache;
    private final int[] slotOfPage;
    private final int[] pageOfSlot;
    private final boolean[] written;

    /**
     * The neighbours of each place in the order of use: a ring. The last place is the sentinel between the newest and
     * the oldest.
     */
    private final int[] newer;
    private final int[] older;

    private long misses;

    CopyInCache(MemorySegment home, MemorySegment cache) {
        this.home = home;
        this.cache = cache;
        int slots = (int) (cache.byteSize() / Pages.PAGE_BYTES);
        slotOfPage = new int[(int) (home.byteSize() / Pages.PAGE_BYTES)];
        Arrays.fill(slotOfPage, NOWHERE);
        pageOfSlot = new int[slots];
        Arrays.fill(pageOfSlot, NOWHERE);
        written = new boolean[slots];
        newer = new int[slots + 1];
        older = new int[slots + 1];
        Arrays.setAll(newer, slot -> (slot + 1) % (slots + 1));
        Arrays.setAll(older, slot -> (slot + slots) % (slots + 1));
    }

    long getLong(long offset) {
        return cache.get(JAVA_LONG, place(offset));
    }

    void setLong(long offset, long value) {
        long place = place(offset);
        written[(int) (place / Pages.PAGE_BYTES)] = true;
        cache.set(JAVA_LONG, place, value);
    }

    /** Returns how often a page had to be copied in. */
    long misses() {
        return misses;
    }

    private long place(long offset) {
        int page = (int) (offset / Pages.PAGE_BYTES);
        int slot = slotOfPage[page];
        if (slot == NOWHERE) {
            slot = bringIn(page);
        }
        makeNewest(slot);
        return (long) slot * Pages.PAGE_BYTES + offset % Pages.PAGE_BYTES;
    }

    private int bringIn(int page) {
        misses++;
        int slot = newer[newer.length - 1];
        int last = pageOfSlot[slot];
        long place = (long) slot * Pages.PAGE_BYTES;
        if (last != NOWHERE) {
            slotOfPage[last] = NOWHERE;
            if (written[slot]) {
                MemorySegment.copy(cache, place, home, (long) last * Pages.PAGE_BYTES, Pages.PAGE_BYTES);
            }
        }
        MemorySegment.copy(home, (long) page * Pages.PAGE_BYTES, cache, place, Pages.PAGE_BYTES);
        written[slot] = false;
        pageOfSlot[slot] = page;
        slotOfPage[page] = slot;
        return slot;
    }

    private void makeNewest(int slot) {
        int end = newer.length - 1;
        int newest = older[end];
        if (newest != slot) {
            newer[older[slot]] = newer[slot];
            older[newer[slot]] = older[slot];
            newer[newest] = slot;
            older[slot] = newest;
            newer[slot] = end;
            older[end] = slot;
        }
    }
}
