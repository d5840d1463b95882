package io.quire.memory.structure;

import io.quire.memory.contract.OutOfFramesException;
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
 * Everything is refused before the commit. If frames run out behind it, which takes a fork by another thread
 * in that very moment, the change is done and stays PENDING until the next writer.
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
        long[] pairs = new long[2 * Math.min(StateWord.pending(state), CAPACITY)];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = region.get(MapHeader.JOURNAL_AT + (long) i * Long.BYTES);
        }
        // ORDER(block-freed) fence: a list that is being overwritten is of a state that is seen to be over.
        VarHandle.loadLoadFence();
        if (region.get(MapHeader.STATE_AT) != state) {
            return null;
        }
        for (int i = 0; i < pairs.length; i += 2) {
            if (pairs[i] < 0 || pairs[i] >= region.sizeBytes() || pairs[i] % Long.BYTES != 0) {
                throw new IllegalStateException("the journal is damaged: " + region + ", state="
                        + StateWord.toString(state) + ", offset=" + pairs[i]);
            }
        }
        return new View(state, Overlay.of(region, pairs));
    }

    // ---- the writer

    /** Lists the writes of a change and commits it. Nothing has changed if it throws. */
    void commit(Overlay change) {
        makeWritable(change);
        long state = region.get(MapHeader.STATE_AT);
        change.copyInto(MapHeader.JOURNAL_AT);
        // ORDER(map-changed) release: data and journal first, then the state that makes them the map.
        region.setRelease(MapHeader.STATE_AT, StateWord.commit(state, change.writes()));
    }

    /** So that frames run out, if they do, before the commit. */
    private void makeWritable(Overlay change) {
        long page = 0; // of the header, which the lock word has made writable
        for (int i = 0; i < change.writes(); i++) {
            long next = change.offset(i) / Region.PAGE_BYTES;
            if (next != page && next != 0) {
                region.makeWritable(change.offset(i));
                page = next;
            }
        }
    }

    /**
     * Applies what was just committed; false if it has to stay PENDING, because frames ran out after the
     * commit.
     */
    boolean apply(Overlay change) {
        try {
            write(change);
            return true;
        } catch (OutOfFramesException pending) {
            return false;
        }
    }

    /**
     * Applies what another writer, or another space before the fork, left committed.
     *
     * @return the sequence of the last change
     * @throws OutOfFramesException if frames ran out; the map is as it was
     */
    long recover() {
        long state = region.get(MapHeader.STATE_AT);
        Overlay pending = view(state);
        if (pending != null && pending.writes() > 0) {
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
