package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.guard.Ownership;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.space.Space;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Root;
import java.util.Arrays;

/**
 * One thread's fast path into a space. It keeps the directories it has walked to and a writer slot of its own, so that
 * an access costs a look-up of two arrays and no atomic instruction.
 * <p>
 * Owned by the thread that opened it, platform or virtual: any other gets a {@link WrongThreadException}. Opening and
 * closing one costs about a microsecond. A space may have any number; each one that belongs to another thread than the
 * one that forks makes {@code fork()} slower by a memory barrier on all processors.
 */
public final class Accessor extends MemoryAccess implements AutoCloseable {

    /** 64 directories cover 1 GiB without a conflict; a power of two. */
    private static final int SLOTS = 64;

    private static final long NO_TAG = -1;

    // Two small direct-mapped caches of directories, valid while the space has the version. Readers look where all
    // leaves are listed, writers where those are that belong to the space alone.
    private final long[] readTags = new long[SLOTS];
    private final long[][][] readable = new long[SLOTS][][];
    private final long[] writeTags = new long[SLOTS];
    private final long[][][] writable = new long[SLOTS][][];

    private final WriterSlot slot = new WriterSlot();
    private final Space space;
    private final Thread owner = Thread.currentThread();

    private long version;
    private boolean closed;

    Accessor(Space space) {
        super(space.memory());
        this.space = space;
        forget();
        version = space.version();
        space.addWriter(slot, owner);
    }

    @Override
    long translationVersion() {
        return version;
    }

    @Override
    boolean isStill(long seen) {
        if (space.isStill(seen)) {
            return true;
        }
        refresh();
        return false;
    }

    @Override
    long locate(long address) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        int index = slotOf(address);
        if (readTags[index] == tagOf(address)) {
            // RACY(leaf-listed): loaded plainly, so a new leaf may look absent; the slow path looks again.
            long[] leaf = readable[index][Geometry.leafIndex(address)];
            if (leaf != null) {
                long entry = Leaf.entry(leaf, Geometry.pageIndex(address));
                if (Entry.isReadable(entry)) {
                    return Entry.offset(entry) + Geometry.pageOffset(address);
                }
            }
        }
        return locateSlowly(address);
    }

    @Override
    long enterWrite(long address) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        while (true) {
            slot.enter();
            int index = slotOf(address);
            if (writeTags[index] == tagOf(address) && space.isStill(version)) {
                long[] leaf = writable[index][Geometry.leafIndex(address)];
                if (leaf != null) {
                    long entry = Leaf.entry(leaf, Geometry.pageIndex(address));
                    if (Entry.isWritable(entry)) {
                        return Entry.offset(entry) + Geometry.pageOffset(address);
                    }
                }
            }
            slot.exit();
            makeWritable(address);
        }
    }

    @Override
    void exitWrite(long entered) {
        slot.exit();
    }

    @Override
    public long spaceId() {
        return space.id();
    }

    @Override
    void checkMapped(long address, long sizeBytes) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (closed) {
            throw closed();
        }
        space.checkAllMapped(address, sizeBytes);
    }

    /** Ends the accessor; the space stays open. Closing it again has no effect. */
    @Override
    public void close() {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (!closed) {
            closed = true;
            forget();
            space.removeWriter(slot);
        }
    }

    // ---- slow paths

    private long locateSlowly(long address) {
        refresh();
        LeafDirectory directory = space.root().directory(address);
        if (directory != null) {
            int index = slotOf(address);
            readable[index] = directory.leaves();
            readTags[index] = tagOf(address);
        }
        return space.offsetForRead(address);
    }

    private void makeWritable(long address) {
        refresh();
        if (!rememberWritable(address)) {
            space.faultForWrite(address);
            refresh();
            rememberWritable(address);
        }
    }

    /** Keeps the directory of an address for writes; false if the page has to be faulted in first. */
    private boolean rememberWritable(long address) {
        Root root = space.root();
        LeafDirectory directory = root.directory(address);
        if (directory == null || !directory.isOwnedBy(root.generation())) {
            return false;
        }
        int index = slotOf(address);
        writable[index] = directory.writableLeaves();
        writeTags[index] = tagOf(address);
        long[] leaf = directory.writableLeaf(Geometry.leafIndex(address));
        return leaf != null && Entry.isWritable(Leaf.entry(leaf, Geometry.pageIndex(address)));
    }

    /** Forgets what was learned under an older version of the tables. */
    private void refresh() {
        if (closed) {
            throw closed();
        }
        long now = space.version();
        if (now != version) {
            forget();
            version = now;
        }
    }

    private void forget() {
        Arrays.fill(readTags, NO_TAG);
        Arrays.fill(writeTags, NO_TAG);
    }

    private static int slotOf(long address) {
        return (int) (address >>> Geometry.DIRECTORY_SHIFT) & SLOTS - 1;
    }

    private static long tagOf(long address) {
        return address >>> Geometry.DIRECTORY_SHIFT;
    }

    private ClosedException closed() {
        return new ClosedException("accessor of " + space.describeName());
    }

    private WrongThreadException wrongThread() {
        return Ownership.violation("an accessor of " + space.describeName(), owner);
    }

    @Override
    public String toString() {
        return "Accessor[" + space.describeName() + ", owner=" + owner.getName() + (closed ? ", closed" : "") + "]";
    }
}
