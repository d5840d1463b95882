package io.quire.memory.table;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The page table of one space: a tree that forks share, its mappings, and the lock under which it is changed. Readers
 * and writers of resident pages walk it without the lock and hold to two rules:
 * <ul>
 * <li><em>readers</em> take the {@link TranslationVersion#version} first and, after they have loaded the data, look
 * whether it is still the same; whoever takes a translation away changes the version before the frame or node can have
 * another use;
 * <li><em>writers</em> hold a slot from before they look at the version and the entry until after their store; whoever
 * takes a permission away changes the version or the entry and then waits for the slots.
 * </ul>
 * Any thread. Everything that takes the lock may wait for another such operation on the same space, and for writers
 * that are inside a single access.
 */
public final class PageTable {

    private final Mutex lock = new Mutex();
    private final TranslationVersion translations = new TranslationVersion();
    private final Retired retired = new Retired();
    private final KeptPages kept = new KeptPages();
    private final Permissions permissions = new Permissions(this);
    private final PageTables tables;
    private final FramePools pools;
    private final OwnedTree tree;
    private final Writers writers;
    private final Integer id;
    private final @Nullable String givenName;
    private final boolean isSnapshot;

    private volatile @Nullable Root root;

    /** The reclaimer has what was left to release when this was closed. Under the lock. */
    private boolean isLeft;

    private PageTable(PageTables tables, Integer id, @Nullable String givenName, boolean isSnapshot, Root root) {
        this.tables = tables;
        this.pools = tables.pools();
        this.tree = new OwnedTree(pools, retired);
        this.writers = new Writers(id, tables.writerSlots());
        this.id = id;
        this.givenName = givenName;
        this.isSnapshot = isSnapshot;
        this.root = root;
    }

    /**
     * A table without any mapping.
     *
     * @param id unlike that of any other open space of the manager
     * @param name of its space, for messages; null for one made of the id
     */
    public static PageTable empty(PageTables tables, Integer id, @Nullable String name) {
        return new PageTable(tables, id, name, false, Root.empty(tables.newGeneration()));
    }

    // ---- what accessors read on their fast path

    /** The version that changes whenever a translation or a permission is taken away. */
    public TranslationVersion translations() {
        return translations;
    }

    public FrameMemory memory() {
        return pools.memory();
    }

    /**
     * The root now.
     *
     * @throws ClosedException after {@link #close}
     */
    public Root root() {
        Root current = root;
        if (current == null) {
            throw new ClosedException(describeName());
        }
        return current;
    }

    /** The root, or null after {@link #close}. */
    public @Nullable Root rootOrNull() {
        return root;
    }

    public boolean isClosed() {
        return root == null;
    }

    /**
     * The offset of a byte that may be written now, or -1. It may be written as long as the caller stays in the writer
     * slot that it is in, or finds the version unchanged in the next one.
     */
    public long offsetForWrite(long address) {
        Root current = root;
        if (current == null || isSnapshot) { // a snapshot may own a leaf, for the sake of a pin
            return -1;
        }
        LeafDirectory directory = current.directory(address);
        if (directory == null || !directory.isOwnedBy(current.generation())) {
            return -1;
        }
        long[] leaf = directory.writableLeaf(Geometry.leafIndex(address));
        long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(address));
        if (!Entry.isWritable(entry)) {
            return -1;
        }
        noteUse(Objects.requireNonNull(leaf), address, entry);
        return Entry.offset(entry) + Geometry.pageOffset(address);
    }

    /** Remembers that a page was used, if somebody will ask. */
    public void noteUse(long[] leaf, long address, long entry) {
        if (tables.tracksUse(Entry.offset(entry))) {
            Leaf.setAccessed(leaf, Geometry.pageIndex(address));
        }
    }

    // ---- the lock

    public void lock() {
        lock.lock();
    }

    public void unlock() {
        lock.unlock();
    }

    public boolean isLockedByMe() {
        return lock.isMine();
    }

    // ---- pages

    /** The entry of a page now. */
    public long entry(long page) {
        long[] leaf = leaf(page);
        return leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(page));
    }

    /** The leaf of a page now; null if there is none. */
    public long @Nullable [] leaf(long page) {
        Root current = root;
        LeafDirectory directory = current == null ? null : current.directory(page);
        return directory == null ? null : directory.leaf(Geometry.leafIndex(page));
    }

    /** The leaf of a page if it is the space's own; null if there is none, or a fork may have it too. */
    public long @Nullable [] ownedLeafOrNull(long page) {
        Root current = root;
        LeafDirectory directory = current == null ? null : current.directory(page);
        return current == null || directory == null || !directory.isOwnedBy(current.generation()) ? null
                : directory.writableLeaf(Geometry.leafIndex(page));
    }

    /** Whether the frame of a page is this space's alone, and so is the way to it. */
    public boolean ownsFrame(long page) {
        return ownedLeafOrNull(page) != null && pools.references(Entry.offset(entry(page))) == 1;
    }

    /** Notes that a page is used. */
    public void setAccessed(long page) {
        long[] leaf = leaf(page);
        if (leaf != null) {
            Leaf.setAccessed(leaf, Geometry.pageIndex(page));
        }
    }

    /** The leaf of a page, made the space's own if it is not, or made; under the lock. */
    public long[] ownLeaf(long page) {
        Root current = root();
        // STEP(fault 2)
        LeafDirectory directory = tree.ownDirectory(ownTop(current), page, current.generation());
        // STEP(fault 3)
        long[] leaf = tree.ownLeaf(directory, page, current.mappings());
        // STEP(fault 4)
        // A node that was replaced is invalidated before anybody can write through its successor: who still reads
        // through the old one would miss that write, even one of its own.
        invalidateAndRelease(TranslationVersion.NODES);
        return leaf;
    }

    /** The top of the tree, owned; published if it had to be copied. */
    Directory ownTop(Root current) {
        Directory top = current.top();
        if (tree.isOwn(top, current.generation())) {
            return top;
        }
        Directory copy = top.newCopy(current.generation());
        Root next = current.withTop(copy);
        int at = tree.fill(copy, top);
        root = next;
        retired.nodes[at] = top; // right behind: no Error comes between two stores
        return copy;
    }

    /** Takes a page out of a leaf of the space's own; released when it is invalidated. */
    public void takeOut(long[] leaf, int page) {
        retired.reserve(0, 1);
        long offset = Entry.offset(Leaf.entry(leaf, page));
        Leaf.set(leaf, page, Entry.ABSENT);
        retired.addFrame(offset);
    }

    /** The pages that may not move just now. */
    public KeptPages kept() {
        return kept;
    }

    /** What may be done at an address. */
    public Permissions permissions() {
        return permissions;
    }

    /** Changes of mappings; under the lock. */
    public MappingChanges mappings() {
        return new MappingChanges(this);
    }

    OwnedTree tree() {
        return tree;
    }

    PageTables tables() {
        return tables;
    }

    /** Under the lock. */
    void setRoot(Root next) {
        root = next;
    }

    // ---- invalidation; under the lock

    /** After a change of root or entries: no access that begins later relies on what was there before. */
    public void invalidateAndWait(long what) {
        translations.invalidate(what);
        writers.await();
        retired.settle();
    }

    /**
     * Releases what was taken out of the tree, after readers can know; what cannot be released now stays for the next
     * operation. Writers never relied on it, or were waited for; if that failed, it stays until they are.
     */
    public void invalidateAndRelease(long what) {
        if (retired.isEmpty()) {
            return;
        }
        translations.invalidate(what);
        if (!retired.isSettled()) {
            return;
        }
        try {
            retired.release(tables.reclaimer(), pools);
        } catch (OutOfMemoryError | StackOverflowError later) {
            // the operation is done, and nothing is lost
        }
    }

    /** What was taken out of the tree and is not released. */
    public Retired retired() {
        return retired;
    }

    // ---- writers

    /** Lets a thread write through accessors of its own. */
    public void addWriter(WriterSlot slot, Thread owner) {
        lock.lock();
        try {
            root();
            writers.add(slot, owner);
        } finally {
            lock.unlock();
        }
    }

    /** Has a thread write no more; under the lock. */
    public void removeWriter(WriterSlot slot) {
        writers.remove(slot);
    }

    /** Claims a slot for a writer that owns none. */
    public int enterShared() {
        return tables.writerSlots().enter(id);
    }

    public void exitShared(int slot) {
        tables.writerSlots().exit(slot);
    }

    // ---- fork and close; under the lock

    /** From here on no node of the tree belongs to this space: the next write to each copies. */
    public void disown() {
        // STEP(fork and snapshot 1)
        root = root().withGeneration(tables.newGeneration());
    }

    /** The table of a fork, which has no reference to the tree before {@link #acquireTree}. */
    public PageTable fork(Integer forkId, @Nullable String name, boolean asSnapshot) {
        // STEP(fork and snapshot 4)
        return new PageTable(tables, forkId, name, asSnapshot, root().withGeneration(tables.newGeneration()));
    }

    /** The table of a fork takes its share of the tree. */
    public void acquireTree() {
        root().top().acquire();
    }

    /** Undoes {@link #acquireTree}; allocates nothing. */
    public void giveTreeBack() {
        // Now, not some day: as long as the dead leaf counts, a write to a pinned page would copy it.
        tables.reclaimer().destroyNow(root().top());
        retired.release(tables.reclaimer(), pools);
    }

    /** Gives the tree up; if a writer does not come to an end, the table stays as it was. */
    public void close() {
        // STEP(drop 1)
        Root last = root();
        root = null;
        boolean isInvalidated = false;
        try {
            invalidateAndWait(TranslationVersion.ALL);
            isInvalidated = true;
        } finally {
            if (!isInvalidated) {
                root = last;
            }
        }
        retired.addTop(last.top());
    }

    /** Releases the tree that was given up, or leaves it to the reclaimer, once: then it is that one's. */
    public void releaseTree() {
        if (isLeft) {
            return;
        }
        invalidateAndRelease(TranslationVersion.ALL);
        if (!retired.isEmpty()) {
            tables.reclaimer().leave(retired);
            isLeft = true;
        }
    }

    // ---- what it is

    /** The id of its space, as an object, so that nothing is allocated to look it up. */
    public Integer id() {
        return id;
    }

    /** The name of its space. */
    public String name() {
        return nameOf(givenName, id);
    }

    /** The name that the user has given its space; null if none. */
    public @Nullable String givenName() {
        return givenName;
    }

    /** The name of a space: the given one, or one made of the id. */
    public static String nameOf(@Nullable String givenName, int id) {
        return givenName != null ? givenName : "space-" + id;
    }

    /** The kind and the name of its space, for messages. */
    public String describeName() {
        return (isSnapshot ? "snapshot " : "space ") + name();
    }

    /** Whether it is that of a snapshot, and may never be written. */
    public boolean isSnapshot() {
        return isSnapshot;
    }

    @Override
    public String toString() {
        return "PageTable[" + describeName() + (isClosed() ? ", closed" : "") + "]";
    }
}
