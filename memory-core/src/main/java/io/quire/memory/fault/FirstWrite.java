package io.quire.memory.fault;

import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.Retired;
import io.quire.memory.table.Root;
import io.quire.memory.table.TranslationVersion;
import io.quire.memory.table.WriterStay;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The first writes of one thread to the pages of one space. A page becomes resident, the space's own, and writable, and
 * that without the lock of the space: the old frame is read as every reader reads, and the new one is put in as every
 * write is done, in a writer slot. The lock is taken only to make a leaf the space's own, and for what
 * {@link PageFaults} does.
 * <p>
 * One thread. Lock-free if the leaf is the space's own and nothing is in the way: it begins again only if another
 * thread has changed the root of the space, or this very entry.
 */
public final class FirstWrite {

    // Results of an attempt that are no offsets.
    private static final long AGAIN = -1;
    private static final long OWN_LEAF = -2;
    private static final long TAKE_LOCK = -3;

    /** How many nodes of dropped trees a first write destroys itself, in a few microseconds. */
    private static final int NODES_TO_DESTROY = 2;

    private final PageFaults faults;
    private final Homecoming homecoming;
    private final TieredMemory memory;
    private final FramePools pools;
    private final SpaceState space;
    private final PageTable table;
    private final TranslationVersion translations;
    private final FrameSource frames;
    private final WriterStay stay;

    /** Takes a frame that cannot be released for lack of memory; made before it is needed. */
    private @Nullable Retired spare;

    /** The root by which the page was found that is writable now; null if the lock was taken. */
    private @Nullable Root found;
    private long version;

    /**
     * @param frames where frames of the host come from, and where the frames go that a first write frees
     * @param stay enters a writer slot for the calling thread
     */
    FirstWrite(PageFaults faults, Homecoming homecoming, TieredMemory memory, SpaceState space, FrameSource frames,
            WriterStay stay) {
        this.faults = faults;
        this.homecoming = homecoming;
        this.memory = memory;
        this.pools = memory.pools();
        this.space = space;
        this.table = space.table();
        this.translations = table.translations();
        this.frames = frames;
        this.stay = stay;
    }

    /** The version of the space at which the page could be written that {@link #makeWritable} has returned. */
    public long version() {
        return version;
    }

    /**
     * True if the page may be written still that {@link #makeWritable} has returned. Asked once, in a slot. It does not
     * look at the version, which other threads change with each of their first writes.
     */
    public boolean isStillWritable() {
        Root root = found;
        found = null; // it would keep a tree
        return root == null ? translations.isStill(version) : isStill(root);
    }

    /**
     * Makes the page of an address writable: fills it with zeros, copies it if it is shared, or takes it over if no
     * other space maps it any more. The caller is in no slot, and holds no lock.
     *
     * @return the offset of its frame, which may be written in a slot if {@link #isStillWritable}, or if nothing was
     *         invalidated after {@link #version}
     */
    public long makeWritable(long address) {
        StackRoom.require();
        while (true) {
            long frame = tryMakeWritable(address);
            if (frame == OWN_LEAF) {
                stay.pause();
                table.ownLeafForWrite(address);
            } else if (frame == TAKE_LOCK) {
                prepare();
                frame = makeWritableUnderLock(address);
            }
            if (frame >= 0) {
                return frame;
            }
        }
    }

    /** Does what comes before a page is changed. */
    private void prepare() {
        // STEP(first write 2)
        stay.pause();
        memory.reclaimer().reclaim(NODES_TO_DESTROY, frames);
        if (spare == null) {
            Retired made = new Retired();
            made.reserve(0, 1);
            spare = made;
        }
    }

    private long tryMakeWritable(long address) {
        // STEP(first write 1)
        Root root = table.rootOrNull();
        if (root == null || table.isFrozen() || table.isSnapshot()) {
            return TAKE_LOCK;
        }
        LeafDirectory directory = root.directory(address);
        long[] leaf = directory == null || !directory.isOwnedBy(root.generation()) ? null
                : directory.writableLeaf(Geometry.leafIndex(address));
        if (leaf == null) {
            return OWN_LEAF;
        }
        long seen = Leaf.entry(leaf, Geometry.pageIndex(address));
        long frame = Entry.isWritable(seen) ? confirm(root, leaf, address, seen)
                : change(root, leaf, address, seen);
        if (frame >= 0) {
            table.noteUse(leaf, address, frame);
            found = root;
        }
        return frame;
    }

    /** Finds a version at which the page could be written. Not looked at before, because others may be writing it. */
    private long confirm(Root root, long[] leaf, long address, long seen) {
        version = translations.version();
        return isStill(root) && Leaf.entry(leaf, Geometry.pageIndex(address)) == seen ? Entry.offset(seen) : AGAIN;
    }

    private long change(Root root, long[] leaf, long address, long seen) {
        if (!table.permissions().isWritable(root, address)) {
            return TAKE_LOCK; // which finds out why not
        }
        if (Entry.isPresent(seen) && (!Entry.isReadable(seen) || Entry.isMigrating(seen))) {
            return TAKE_LOCK;
        }
        prepare();
        // STEP(first write 3)
        if (!Entry.isPresent(seen)) {
            return fill(root, leaf, address);
        }
        return Entry.isNew(seen) || pools.references(Entry.offset(seen)) == 1 ? reuse(root, leaf, address, seen)
                : copy(root, leaf, address, seen);
    }

    private long fill(Root root, long[] leaf, long address) {
        long frame = memory.allocateFrame(space, frames);
        boolean filled = false;
        try {
            pools.memory().fill(frame, Geometry.PAGE_BYTES, (byte) 0);
            long entry = Entry.writable(Entry.present(frame));
            enter();
            try {
                version = translations.version();
                // STEP(first write 5)
                filled = isStill(root)
                        && Leaf.compareAndSet(leaf, Geometry.pageIndex(address), Entry.ABSENT, entry);
            } finally {
                exit();
            }
        } finally {
            if (!filled) {
                release(frame);
            }
        }
        if (!filled) {
            return AGAIN;
        }
        memory.events().zeroFilled();
        return frame;
    }

    private long reuse(Root root, long[] leaf, long address, long seen) {
        boolean reused = false;
        enter();
        try {
            version = translations.version();
            // STEP(first write 5)
            if (isStill(root)) {
                // If it is new, another thread is putting it in, and has not invalidated the old one yet.
                boolean shared = Entry.isNew(seen) && !invalidate(root, Geometry.pageStart(address));
                reused = Leaf.compareAndSet(leaf, Geometry.pageIndex(address), seen, Entry.writable(seen)) && !shared;
            }
        } finally {
            exit();
        }
        if (!reused) {
            return AGAIN;
        }
        memory.events().reused();
        return Entry.offset(seen);
    }

    private long copy(Root root, long[] leaf, long address, long seen) {
        long page = Geometry.pageStart(address);
        long old = Entry.offset(seen);
        long copy = faults.allocateCopy(space, old, page, space.cowPlacement(), frames);
        boolean replaced = false;
        boolean writable = false;
        try {
            pools.memory().copy(old, copy, Geometry.PAGE_BYTES);
            // ORDER(entry-seen) fence: the bytes were loaded before the root and the entry are looked at again.
            VarHandle.loadLoadFence();
            long entry = Entry.replaced(seen, copy);
            enter();
            try {
                // STEP(first write 5)
                replaced = isStill(root) && Leaf.compareAndSet(leaf, Geometry.pageIndex(page), seen, entry);
                if (replaced) {
                    boolean still = invalidate(root, page);
                    // If this fails, another thread has seen N, and has done it.
                    writable =
                            Leaf.compareAndSet(leaf, Geometry.pageIndex(page), entry, Entry.writable(entry)) && still;
                } else {
                    version = translations.version();
                }
            } finally {
                exit();
            }
        } finally {
            // STEP(first write 7)
            release(replaced ? old : copy);
        }
        if (replaced) {
            faults.noteCopied(old, copy);
        }
        return writable ? copy : AGAIN;
    }

    // ---- the slot; nothing can fail between enter and exit, because there is room on the stack

    private void enter() {
        // STEP(first write 4)
        stay.enter();
    }

    /**
     * Makes a version.
     *
     * @return false if the page may not be written at it: a version in between may be a fork's, which waits for the slot
     *         and then shares the page
     */
    private boolean invalidate(Root root, long page) {
        version = translations.invalidate(page);
        return isStill(root);
    }

    private void exit() {
        // STEP(first write 6)
        stay.exit(version);
    }

    /** True if all that was seen by a root is still so, but for what other first writes do. */
    @SuppressWarnings("ReferenceEquality") // the very same root
    private boolean isStill(Root root) {
        // ORDER(entry-seen) acquire: whoever takes a page away has put in another root before.
        return table.rootOrNull() == root && !table.isFrozen();
    }

    private void release(long frame) {
        try {
            frames.release(frame);
        } catch (OutOfMemoryError | StackOverflowError later) {
            Retired its = spare;
            spare = null;
            if (its == null) {
                throw later;
            }
            its.addFrame(frame);
            memory.reclaimer().leave(its);
            throw later;
        }
    }

    // ---- several pages

    /**
     * Makes several pages writable, all of which stay so until the caller leaves its writer slot. All or none: if one is
     * refused, the frames that the others have got are given back.
     *
     * @param pages gets the offset of each page
     * @param enter puts the caller into a writer slot; runs under the lock when all pages are there
     */
    public void makeAllWritable(WritePages pages, Runnable enter) {
        StackRoom.require();
        FilledPages[] filled = new FilledPages[pages.count()]; // of each run, at its first page
        try {
            checkFrames(pages, filled);
            for (int i = 0; i < pages.count(); i++) {
                makeWritable(pages.address(i));
            }
            found = null;
            stay.pause();
            enterWithAll(pages, enter, filled);
        } catch (Throwable refused) {
            for (FilledPages run : filled) {
                if (run != null) {
                    run.giveBack(refused);
                }
            }
            throw refused;
        }
    }

    /** Makes sure, under the lock, that no page was taken away since, and enters the slot. */
    private void enterWithAll(WritePages pages, Runnable enter, FilledPages[] filled) {
        while (true) {
            int away = -1;
            table.lock();
            try {
                checkFrames(pages, filled);
                for (int i = 0; i < pages.count() && away < 0; i++) {
                    long offset = faults.write(space, pages.address(i), frames);
                    pages.setOffset(i, offset);
                    away = offset == PageFaults.AWAY ? i : -1;
                }
                if (away < 0) {
                    enter.run();
                    return;
                }
            } finally {
                table.unlock();
            }
            homecoming.bringHome(space, Geometry.pageStart(pages.address(away)), null);
        }
    }

    /** Refuses a run of pages before the first of them is changed if it needs more frames than there are. */
    private void checkFrames(WritePages pages, FilledPages[] filled) {
        int end;
        for (int first = 0; first < pages.count(); first = end) {
            end = pages.endOfRun(first);
            long start = Geometry.pageStart(pages.address(first));
            if (filled[first] == null) {
                filled[first] = new FilledPages(space, pools, start);
            }
            FrameNeeds needs = FrameNeeds.ofWrite(space, memory, start,
                    start + ((long) (end - first) << Geometry.PAGE_SHIFT), filled[first]);
            if (!needs.isOneFault() && !needs.areMet()) {
                throw memory.shortageOfRange(space, needs.frames());
            }
        }
    }

    // ---- one page, with the lock

    private long makeWritableUnderLock(long address) {
        long frame;
        table.lock();
        try {
            frame = faults.write(space, address, frames);
            version = translations.version();
            found = null;
        } finally {
            table.unlock();
        }
        if (frame != PageFaults.AWAY) {
            return frame;
        }
        homecoming.bringHome(space, Geometry.pageStart(address), null);
        return AGAIN;
    }
}
