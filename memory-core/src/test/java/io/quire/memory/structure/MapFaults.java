package io.quire.memory.structure;

import io.quire.memory.AddressSpace;

/** Lets tests of other packages check maps, and make states that otherwise only a race makes. */
public final class MapFaults {

    private MapFaults() {
    }

    /** Creates a map whose hash is the same in every run. */
    public static ForkableMap create(AddressSpace space, long bytes) {
        long address = space.map(bytes);
        MapHeader.format(new Region(space, address, bytes, space), 4711);
        return ForkableMap.open(space, address);
    }

    /** Recounts everything in a map; fails if something is wrong. */
    public static void recount(ForkableMap map) {
        map.check();
    }

    /** Recounts everything in a map of longs; fails if something is wrong. */
    public static void recount(ForkableLongMap map) {
        map.check();
    }

    /**
     * Turns a fork from before a change into one from the middle of it: the change is committed, and no word is
     * applied.
     *
     * @param before the fork
     * @param after the space in which the change was made; it must be the last change
     */
    public static void leaveAmid(AddressSpace before, AddressSpace after, ForkableMap map) {
        Region now = new Region(after, map.address(), map.regionBytes(), after);
        Region then = new Region(before, map.address(), map.regionBytes(), before);
        int writes = 0;
        while (isApplied(now, writes)) {
            writes++;
        }
        long[] words = new long[writes];
        for (int i = 0; i < writes; i++) {
            words[i] = then.get(now.get(MapHeader.JOURNAL_AT + 16L * i));
        }
        long state = then.get(MapHeader.STATE_AT);
        byte[] bytes = new byte[(int) map.regionBytes()];
        now.read(0, bytes, bytes.length);
        then.write(0, bytes);
        for (int i = 0; i < writes; i++) {
            then.set(now.get(MapHeader.JOURNAL_AT + 16L * i), words[i]);
        }
        then.set(MapHeader.STATE_AT, StateWord.commit(state, writes));
    }

    /** Returns true if a write in the journal belongs to the last change, or would change nothing. */
    private static boolean isApplied(Region now, int write) {
        if (write == Journal.CAPACITY) {
            return false;
        }
        long offset = now.get(MapHeader.JOURNAL_AT + 16L * write);
        return offset != 0 && now.get(offset) == now.get(MapHeader.JOURNAL_AT + 16L * write + Long.BYTES);
    }
}
