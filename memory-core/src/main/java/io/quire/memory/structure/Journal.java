package io.quire.memory.structure;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Makes all writes of one change visible by one store. A change goes through these steps, and a fork may come between
 * any two:
 * <ol>
 * <li><em>prepare</em>: data is written to blocks that nothing refers to. A fork has the map without the change.
 * <li><em>list</em>: the writes to words are listed in the journal, while {@link StateWord} says that it is empty. A
 * fork has the map without the change.
 * <li><em>commit</em>: the state becomes PENDING, with the number of writes. A fork has the map with the change: its
 * readers lay the journal over the words, and its first writer applies it.
 * <li><em>apply</em>: the words are written, in the order of the list. Applying the list again changes nothing, so a
 * fork can do it, however far the parent had come.
 * <li><em>settle</em>: the state becomes SETTLED.
 * </ol>
 * A change can be refused only before the commit. If something fails after it, because frames run out or a device
 * fails, the change is still done: it stays PENDING, and the next writer applies it.
 * <p>
 * Any thread that may use the access may call {@link #view}. Everything else is for the holder of the writer lock.
 */
final class Journal {

    /** The most writes of one change. Clearing a map takes the most: it empties all free lists. */
    static final int CAPACITY = (MapHeader.BYTES - MapHeader.JOURNAL_AT) / (2 * Long.BYTES);

    private final Region region;
    private final Overlay settled;
    private @Nullable View last; // of a map that stays PENDING, such as a snapshot; racy, but immutable

    Journal(Region region) {
        this.region = region;
        this.settled = Overlay.nothing(region);
    }

    // ---- readers

    /** The words of the map at a state; null if the state has changed. */
    @Nullable Overlay view(long state) {
        if (StateWord.pending(state) == 0) {
            return settled;
        }
        View known = last;
        if (known == null || known.state != state) {
            known = load(state);
            last = known;
        }
        return known == null ? null : known.words;
    }

    private @Nullable View load(long state) {
        int writes = StateWord.pending(state);
        long[] pairs = new long[2 * Math.min(writes, CAPACITY)];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = region.get(MapHeader.JOURNAL_AT + (long) i * Long.BYTES);
        }
        // ORDER(block-freed) fence: if the list was being overwritten, the state is seen to have changed.
        VarHandle.loadLoadFence();
        if (region.get(MapHeader.STATE_AT) != state) {
            return null;
        }
        if (writes > CAPACITY || !isSane(pairs)) {
            throw MapHeader.damaged("the journal has a write that no change can have", region);
        }
        return new View(state, Overlay.of(region, pairs));
    }

    /** True if all offsets are those of words that a change may write. */
    private boolean isSane(long[] pairs) {
        long top = region.get(MapHeader.TOP_AT);
        for (int i = 0; i < pairs.length; i += 2) {
            top = pairs[i] == MapHeader.TOP_AT ? Math.max(top, pairs[i + 1]) : top;
        }
        top = Math.min(top, region.sizeBytes());
        for (int i = 0; i < pairs.length; i += 2) {
            if (!MapHeader.mayChange(pairs[i], top)) {
                return false;
            }
        }
        return true;
    }

    // ---- the writer

    /**
     * Lists the writes of a change and commits it. If this throws, nothing has changed. There is one exception: an
     * Error may come out of the last access after that has stored; see {@link #isCommitted}.
     */
    void commit(Overlay change) {
        makeWritable(change);
        long state = region.get(MapHeader.STATE_AT);
        change.copyInto(MapHeader.JOURNAL_AT);
        // ORDER(map-changed) release: data and journal first, then the state that makes them the map.
        region.setRelease(MapHeader.STATE_AT, StateWord.commit(state, change.writes()));
    }

    /** True if the change with a sequence is committed. */
    boolean isCommitted(long sequence) {
        return StateWord.sequence(region.get(MapHeader.STATE_AT)) == sequence;
    }

    /** Makes all pages of the change writable, so that frames can run out only before the commit. */
    private void makeWritable(Overlay change) {
        long page = 0; // that of the header: writing the list makes it writable
        for (int i = 0; i < change.writes(); i++) {
            long next = change.offset(i) / Region.PAGE_BYTES;
            if (next != page && next != 0) {
                region.makeWritable(change.offset(i));
                page = next;
            }
        }
    }

    /** Applies the change that was just committed. If this throws, the change is still done, and stays PENDING. */
    void apply(Overlay change) {
        write(change);
    }

    /**
     * Applies a change that another writer, or another space before the fork, committed and did not apply.
     *
     * @return the sequence of the last change
     * @throws io.quire.memory.contract.MemoryException as any write; the map is as it was
     */
    long recover() {
        long state = region.get(MapHeader.STATE_AT);
        Overlay pending = view(state);
        if (pending == null) {
            throw MapHeader.damaged("somebody changes the map without its writer lock", region);
        }
        if (pending.writes() > 0) {
            write(pending);
        }
        return StateWord.sequence(state);
    }

    private void write(Overlay change) {
        for (int i = 0; i < change.writes(); i++) {
            // ORDER(map-word) release: the committed state first, and the header of a block before the slot.
            region.setRelease(change.offset(i), change.value(i));
        }
        region.setRelease(MapHeader.STATE_AT, StateWord.settle(region.get(MapHeader.STATE_AT)));
        // ORDER(block-freed) release: whoever sees what the next change writes over a freed block, or over the list,
        // also sees that the block is free and the list is over.
        VarHandle.storeStoreFence();
    }

    private record View(long state, Overlay words) {
    }
}
