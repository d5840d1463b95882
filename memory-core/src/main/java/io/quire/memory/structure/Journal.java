package io.quire.memory.structure;

import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Makes all writes of one change visible by one store. A change goes through these steps, and a fork may come
 * between any two:
 * <ol>
 * <li><em>prepare</em>: data is written to blocks that nothing refers to. A fork has the map without the
 * change.
 * <li><em>list</em>: the writes to words are listed in the journal, while {@link StateWord} says that it is
 * empty. The same.
 * <li><em>commit</em>: the state becomes PENDING, with the number of writes. A fork has the map with the
 * change: its readers lay the journal over the words, its first writer applies it.
 * <li><em>apply</em>: the words are written, in the order of the list. Applying it again changes nothing, so
 * the fork can do it however far the parent had come.
 * <li><em>settle</em>: the state becomes SETTLED.
 * </ol>
 * Everything is refused before the commit. What fails behind it, because frames run out or a device does, has no
 * effect on the change: it is done, stays PENDING, and is applied by the next writer.
 * <p>
 * {@link #view} may be called by any thread that may use the access, all else by the holder of the writer
 * lock.
 */
final class Journal {

    /** The most writes of one change: clear, which empties all free lists, has the most. */
    static final int CAPACITY = (MapHeader.BYTES - MapHeader.JOURNAL_AT) / (2 * Long.BYTES);

    private final Region region;
    private final Overlay settled;
    private @Nullable View last; // of a map that stays PENDING, such as a snapshot; racy, but immutable

    Journal(Region region) {
        this.region = region;
        this.settled = Overlay.nothing(region);
    }

    // ---- readers

    /** The words of the map at a state; null if the state is another by now. */
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
        // ORDER(block-freed) fence: a list that is being overwritten is of a state that is seen to be over.
        VarHandle.loadLoadFence();
        if (region.get(MapHeader.STATE_AT) != state) {
            return null;
        }
        if (writes > CAPACITY || !isSane(pairs)) {
            throw MapHeader.damaged("the journal would write where no change does", region);
        }
        return new View(state, Overlay.of(region, pairs));
    }

    /** Whether all offsets are those of words that a change may write. */
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
     * Lists the writes of a change and commits it. Nothing has changed if it throws, but for an Error that comes out of
     * the last access, when that has stored already: see {@link #isCommitted}.
     */
    void commit(Overlay change) {
        makeWritable(change);
        long state = region.get(MapHeader.STATE_AT);
        change.copyInto(MapHeader.JOURNAL_AT);
        // ORDER(map-changed) release: data and journal first, then the state that makes them the map.
        region.setRelease(MapHeader.STATE_AT, StateWord.commit(state, change.writes()));
    }

    /** Whether the change with a sequence is committed. */
    boolean isCommitted(long sequence) {
        return StateWord.sequence(region.get(MapHeader.STATE_AT)) == sequence;
    }

    /** So that frames run out, if they do, before the commit. */
    private void makeWritable(Overlay change) {
        long page = 0; // of the header, where the list is written before the commit
        for (int i = 0; i < change.writes(); i++) {
            long next = change.offset(i) / Region.PAGE_BYTES;
            if (next != page && next != 0) {
                region.makeWritable(change.offset(i));
                page = next;
            }
        }
    }

    /** Applies what was just committed. If it throws, the change is done nevertheless, and PENDING. */
    void apply(Overlay change) {
        write(change);
    }

    /**
     * Applies what another writer, or another space before the fork, left committed.
     *
     * @return the sequence of the last change
     * @throws io.quire.memory.contract.MemoryException as any write; the map is as it was
     */
    long recover() {
        long state = region.get(MapHeader.STATE_AT);
        Overlay pending = view(state);
        if (pending == null) {
            throw MapHeader.damaged("somebody changes the map who is not its writer", region);
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
        // ORDER(block-freed) release: what was freed is seen as free, and the list as over, by whoever sees
        // what the next change writes over them.
        VarHandle.storeStoreFence();
    }

    private record View(long state, Overlay words) {
    }
}
