package io.quire.memory.fault;

import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.PageTable;

/**
 * The faults of a single page: zero-fill, copy-on-write, the end of exclusive access, and the end of a migration when a
 * writer needs the page. Everything under the lock of the space. {@link FirstWrite} does without the lock what can be
 * done without it, and may do so at the same time, so an entry is changed only if it is still as it was.
 */
public final class PageFaults {

    /** The page has to come home first, or is on its way: the caller needs other locks for that. Not an offset. */
    public static final long AWAY = -1;

    /** Another thread has changed the entry without the lock: look again. Not an offset. */
    private static final long RACED = -2;

    private final TieredMemory memory;
    private final FramePools pools;

    /** Serves the spaces of one manager. */
    public PageFaults(TieredMemory memory) {
        this.memory = memory;
        this.pools = memory.pools();
    }

    /**
     * Makes a page writable.
     *
     * @param frames where a frame of the host comes from
     * @return the offset of its frame, or {@link #AWAY}
     */
    public long write(SpaceState space, long address, FrameSource frames) {
        // STEP(fault 1)
        space.table().permissions().checkWritable(address);
        return own(space, address, true, space.cowPlacement(), frames);
    }

    /**
     * Makes a page one that no other space maps, and makes it writable if its mapping allows that.
     *
     * @param placement where a copy goes
     * @return the offset of its frame, or {@link #AWAY}
     */
    public long unshare(SpaceState space, long address, CowPlacement placement) {
        PageTable table = space.table();
        boolean allowWrite = table.permissions().isWritable(table.root(), address);
        return own(space, address, allowWrite, placement, pools);
    }

    private long own(SpaceState space, long address, boolean allowWrite, CowPlacement placement, FrameSource frames) {
        long page = Geometry.pageStart(address);
        try {
            long[] leaf = space.table().ownLeaf(page);
            long frame = RACED;
            while (frame == RACED) {
                frame = own(space, leaf, page, allowWrite, placement, frames);
            }
            return frame;
        } finally {
            space.table().invalidateAndRelease(page);
        }
    }

    private long own(SpaceState space, long[] leaf, long page, boolean allowWrite, CowPlacement placement,
            FrameSource frames) {
        int index = Geometry.pageIndex(page);
        long entry = Leaf.entry(leaf, index);
        if (Entry.isWritable(entry)) {
            return Entry.offset(entry); // another thread has made it writable meanwhile
        }
        if (Entry.isPrivate(entry) || isHomeward(space, page, entry)) {
            return AWAY;
        }
        if (Entry.isExclusive(entry)) {
            space.exclusives().dissolve(page);
            entry = Leaf.entry(leaf, index);
        }
        // STEP(fault 5), STEP(pin 2): without M in the entry, a migration that is copying gives up
        return ownPage(space, leaf, page, entry, allowWrite, placement, frames);
    }

    /** True if a page is on its way home. A writer must not stop that migration, but waits for it. */
    boolean isHomeward(SpaceState space, long page, long entry) {
        return Entry.isMigrating(entry) && space.lineage().isHomeward(page);
    }

    private long ownPage(SpaceState space, long[] leaf, long page, long seen, boolean allowWrite,
            CowPlacement placement, FrameSource frames) {
        if (!Entry.isPresent(seen)) {
            return fill(space, leaf, page, allowWrite, frames);
        }
        long frame = Entry.offset(seen);
        if (pools.references(frame) == 1) {
            return reuse(space, leaf, page, seen, allowWrite) ? frame : RACED;
        }
        space.table().retired().reserve(0, 1);
        long copy = allocateCopy(space, frame, page, placement, frames);
        boolean replaced = false;
        try {
            pools.memory().copy(frame, copy, Geometry.PAGE_BYTES);
            try (Notifier.Window _ = space.notifier().start(InvalidationKind.CLEAR, page)) {
                replaced = replace(space.table(), leaf, page, seen, copy, allowWrite);
            }
        } finally {
            if (!replaced) {
                releaseUnlessMapped(leaf, page, copy, frames);
            }
        }
        if (!replaced) {
            return RACED;
        }
        noteCopied(frame, copy);
        return copy;
    }

    /** Counts a copy that was made for a writer. */
    void noteCopied(long frame, long copy) {
        memory.events().copied();
        if (!pools.isHost(frame) && pools.isHost(copy)) {
            memory.events().copiedOff();
        }
    }

    /** Lets the space write its only reference to a frame. Returns false if another thread has changed the entry. */
    private boolean reuse(SpaceState space, long[] leaf, long page, long seen, boolean allowWrite) {
        if (Entry.isNew(seen)) {
            // A first write is putting it in: its old frame has to be invalidated before anybody writes the new one.
            space.table().translations().invalidate(page);
        }
        long bare = Entry.invalidated(Entry.settled(seen));
        if (!Leaf.compareAndSet(leaf, Geometry.pageIndex(page), seen, allowWrite ? Entry.writable(bare) : bare)) {
            return false;
        }
        if (allowWrite) {
            memory.events().reused();
        }
        return true;
    }

    /** Releases a frame, unless the page is in it already: an Error may have come after the entry was set. */
    static void releaseUnlessMapped(long[] leaf, long page, long frame, FrameSource frames) {
        long entry = Leaf.entry(leaf, Geometry.pageIndex(page));
        if (!Entry.isPresent(entry) || Entry.offset(entry) != frame) {
            frames.release(frame);
        }
    }

    /**
     * Replaces the frame of a page; the caller has reserved room for the old frame. W comes last: while an accessor may
     * still read the old frame, nobody may write the new one, or the accessor could miss a write that came before its
     * read.
     *
     * @param seen the entry of the page
     * @return false if another thread has changed the entry; then nothing has changed
     */
    static boolean replace(PageTable table, long[] leaf, long page, long seen, long copy, boolean allowWrite) {
        int index = Geometry.pageIndex(page);
        long replaced = Entry.replaced(Entry.settled(seen), copy);
        if (!Leaf.compareAndSet(leaf, index, seen, replaced)) {
            return false;
        }
        table.retired().addFrame(Entry.offset(seen));
        table.invalidateAndRelease(page);
        long bare = Entry.invalidated(replaced);
        // If this fails, a first write has seen N, and has allowed writes itself.
        Leaf.compareAndSet(leaf, index, replaced, allowWrite ? Entry.writable(bare) : bare);
        return true;
    }

    private long fill(SpaceState space, long[] leaf, long page, boolean allowWrite, FrameSource frames) {
        long frame = memory.allocateFrame(space, frames);
        boolean filled = false;
        try {
            pools.memory().fill(frame, Geometry.PAGE_BYTES, (byte) 0);
            // Devices need not know of a first write, unless one of them may have mapped the zero frame.
            try (Notifier.Window _ = space.notifier().mapsZero(page)
                    ? space.notifier().start(InvalidationKind.CLEAR, page) : Notifier.Window.NONE) {
                long entry = Entry.present(frame);
                filled = Leaf.compareAndSet(leaf, Geometry.pageIndex(page), Entry.ABSENT,
                        allowWrite ? Entry.writable(entry) : entry);
            }
        } finally {
            if (!filled) {
                releaseUnlessMapped(leaf, page, frame, frames);
            }
        }
        if (!filled) {
            return RACED;
        }
        memory.events().zeroFilled();
        return frame;
    }

    /** Allocates the frame for a copy, where the placement wants it. */
    long allocateCopy(SpaceState space, long source, long page, CowPlacement placement, FrameSource frames) {
        FramePool pool = pools.of(source);
        if (placement == CowPlacement.SAME_POOL && pool.kind() == PoolKind.DEVICE_COHERENT) {
            long frame = pool.allocate();
            if (frame != FramePool.NONE) {
                boolean known = false;
                try {
                    memory.tier(pool).holds(frame, space.lineage(), page);
                    known = true;
                    return frame;
                } finally {
                    if (!known) {
                        pool.release(frame);
                    }
                }
            }
        }
        return memory.allocateFrame(space, frames);
    }

    /**
     * Makes a page readable for the processor again, if it is exclusive to a device.
     *
     * @return true if the page may be read now; false if it is {@link #AWAY}
     */
    public boolean read(SpaceState space, long address) {
        long page = Geometry.pageStart(address);
        long entry = space.table().entry(page);
        if (Entry.isPrivate(entry)) {
            return false;
        }
        if (Entry.isExclusive(entry)) {
            space.exclusives().dissolve(page);
        }
        return true;
    }
}
