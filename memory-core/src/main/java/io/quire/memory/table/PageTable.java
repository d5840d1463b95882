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
 * The page table of one space: a tree that forks share, its mappings, and the lock under which they change. Readers and
 * writers of resident pages walk the tree without the lock. This is safe because of two rules:
 * <ul>
 * <li><em>Readers</em> take the {@link TranslationVersion#version} before they walk, and check after they have loaded
 * the data that it is still the same. Whoever takes a translation away changes the version before the frame or node
 * gets another use.
 * <li><em>Writers</em> enter a slot before they look at the version and the entry, and leave it after their store.
 * Whoever takes a permission away changes the version or the entry, and then waits for the slots.
 * <li><em>First writes</em> read the old frame as readers do, and change the entry as writers do: in a slot, if the
 * root is the one that they began with. Whoever takes a page away or moves it puts in a new root, or
 * {@linkplain #freeze freezes} the table, and then waits for the slots.
 * </ul>
 * Any thread. An operation that takes the lock may wait for another one on the same space, and for writers that are
 * inside a single access.
 */
public final class PageTable {

    private final Mutex lock = Mutex.ofSpace();
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

    private final LeafCopies copies = new LeafCopies();

    private volatile @Nullable Root root;

    /** How many have frozen the table and not thawed it. Changed under the lock. */
    private volatile int freezes;

    /** True if the reclaimer has taken over what the closed table could not release. Under the lock. */
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
     * Creates a table without any mapping.
     *
     * @param id the id of its space; no other open space of the manager has it
     * @param name the name of its space, for messages; null to make one of the id
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
     * Returns the current root.
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

    /** The current root; null after {@link #close}. */
    public @Nullable Root rootOrNull() {
        return root;
    }

    public boolean isClosed() {
        return root == null;
    }

    /**
     * The offset of a byte that may be written now, or -1. The caller may write it while it stays in its writer slot,
     * and again in a later stay if the version is still the same.
     */
    public long offsetForWrite(long address) {
        Root current = root;
        if (current == null || isSnapshot) { // a snapshot may own a leaf that was copied for a pin
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
        noteUse(Objects.requireNonNull(leaf), address, Entry.offset(entry));
        return Entry.offset(entry) + Geometry.pageOffset(address);
    }

    /** Notes that a page was used, if eviction or promotion will ask for it. */
    public void noteUse(long[] leaf, long address, long frame) {
        if (tables.tracksUse(frame)) {
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

    /** The current entry of a page. */
    public long entry(long page) {
        long[] leaf = leaf(page);
        return leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(page));
    }

    /** The current leaf of a page; null if there is none. */
    public long @Nullable [] leaf(long page) {
        Root current = root;
        LeafDirectory directory = current == null ? null : current.directory(page);
        return directory == null ? null : directory.leaf(Geometry.leafIndex(page));
    }

    /** The leaf of a page if it is the space's own; null if there is none, or if a fork may list it too. */
    public long @Nullable [] ownedLeafOrNull(long page) {
        Root current = root;
        LeafDirectory directory = current == null ? null : current.directory(page);
        return current == null || directory == null || !directory.isOwnedBy(current.generation()) ? null
                : directory.writableLeaf(Geometry.leafIndex(page));
    }

    /** True if the frame of a page is this space's alone, and so are the nodes that lead to it. */
    public boolean ownsFrame(long page) {
        return ownedLeafOrNull(page) != null && pools.references(Entry.offset(entry(page))) == 1;
    }

    /** Notes that a page was used, if it has a leaf. */
    public void setAccessed(long page) {
        long[] leaf = leaf(page);
        if (leaf != null) {
            Leaf.setAccessed(leaf, Geometry.pageIndex(page));
        }
    }

    /** Makes the leaf of a page the space's own, or creates it; under the lock. */
    public long[] ownLeaf(long page) {
        Root current = root();
        LeafDirectory directory = ownDirectory(page);
        // STEP(fault 3)
        long[] leaf = tree.ownLeaf(directory, page, current.mappings());
        // STEP(fault 4)
        // Invalidate a replaced node before anybody can write through its successor: a thread that still reads through
        // the old node would miss that write, even its own.
        invalidateAndRelease(TranslationVersion.NODES);
        return leaf;
    }

    /** Makes the leaf of a page the space's own, or creates it. Takes the lock, and gives it up to copy the leaf. */
    public void ownLeafForWrite(long address) {
        LeafCopy.own(this, address);
    }

    /** Makes the directory of a page the space's own, or creates it. The caller invalidates what was replaced. */
    LeafDirectory ownDirectory(long page) {
        // STEP(fault 2)
        Root current = root();
        return tree.ownDirectory(ownTop(current), page, current.generation());
    }

    /** The copies of leaves that are being made without the lock. */
    public LeafCopies copies() {
        return copies;
    }

    /** Makes the top of the tree the space's own, and publishes it if it had to be copied. */
    Directory ownTop(Root current) {
        Directory top = current.top();
        if (tree.tryOwn(top, current.generation())) {
            return top;
        }
        Directory copy = top.newCopy(current.generation());
        Root next = current.withTop(copy);
        int at = tree.fill(copy, top);
        root = next;
        retired.nodes[at] = top; // right after the other store: no Error can come between
        return copy;
    }

    /** Takes a page out of a leaf that is the space's own, and retires its frame. The table is frozen. */
    public void takeOut(long[] leaf, int page) {
        retired.reserve(0, 1);
        long offset = Entry.offset(Leaf.entry(leaf, page));
        Leaf.set(leaf, page, Entry.ABSENT);
        retired.addFrame(offset);
    }

    /** The pages that must stay where they are for now. */
    public KeptPages kept() {
        return kept;
    }

    /** Checks what may be done at an address. */
    public Permissions permissions() {
        return permissions;
    }

    /** Changes the mappings; under the lock. */
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

    // ---- first writes without the lock; all but isFrozen under the lock

    /** True if a first write has to take the lock. */
    public boolean isFrozen() {
        return freezes > 0;
    }

    /**
     * Makes sure that nobody changes an entry without the lock from here on, until {@link #thaw}. If this throws, the
     * table is as it was.
     *
     * @throws io.quire.memory.contract.WaitTimeoutException if a writer does not finish in time
     */
    public void freeze() {
        freeze(root().renewed(), TranslationVersion.NODES);
    }

    /**
     * As {@link #freeze()}, together with a change.
     *
     * @param next the root with the change
     * @param what is invalidated by it
     */
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    void freeze(Root next, long what) {
        // STEP(freeze 1)
        Root before = root();
        freezes++; // first: thaw puts in no root, so nobody may see this one before the table is frozen
        root = next;
        boolean isFrozen = false;
        try {
            // STEP(freeze 2)
            invalidateAndWait(what);
            isFrozen = true;
        } finally {
            if (!isFrozen) {
                root = before;
                freezes--;
            }
        }
    }

    /** Undoes one {@link #freeze}. Allocates nothing. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    public void thaw() {
        // STEP(freeze 3)
        freezes--;
    }

    /** Makes first writes and copies of leaves that have begun start again. */
    public void renewRoot() {
        root = root().renewed();
    }

    // ---- invalidation; under the lock

    /**
     * Invalidates after a change of root or entries, and waits for writers. No access that begins later relies on what
     * was there before.
     */
    public void invalidateAndWait(long what) {
        writers.await(translations.invalidate(what));
        retired.settle();
    }

    /**
     * Invalidates for readers what was taken out of the tree, then releases it. What cannot be released now stays for
     * the next operation, and so does everything that writers may still use because a wait for them failed.
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
            // the operation is done, and the next one releases the rest
        }
    }

    /** What was taken out of the tree and is not released yet. */
    public Retired retired() {
        return retired;
    }

    // ---- writers

    /** Lists the slot of an accessor, so that its thread may write. */
    public void addWriter(WriterSlot slot, Thread owner) {
        lock.lock();
        try {
            root();
            writers.add(slot, owner);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a writer slot off the list; under the lock. */
    public void removeWriter(WriterSlot slot) {
        writers.remove(slot);
    }

    /** Enters a shared slot, for a writer that has no slot of its own. */
    public int enterShared() {
        return writers.enterShared();
    }

    public void exitShared(int slot) {
        writers.exitShared(slot);
    }

    // ---- fork and close; under the lock

    /** Gives up the right to change any node in place: the next write to each copies or adopts it. */
    public void disown() {
        // STEP(fork and snapshot 1)
        root = root().withGeneration(tables.newGeneration());
    }

    /** Creates the table of a fork. It has no reference to the tree until {@link #acquireTree}. */
    public PageTable fork(Integer forkId, @Nullable String name, boolean asSnapshot) {
        // STEP(fork and snapshot 4)
        return new PageTable(tables, forkId, name, asSnapshot, root().withGeneration(tables.newGeneration()));
    }

    /** Takes the reference to the tree that the table of a fork needs. */
    public void acquireTree() {
        root().top().acquire();
    }

    /** Undoes {@link #acquireTree}; allocates nothing. */
    public void giveTreeBack() {
        // At once, not by the reclaimer: while a dead leaf still counts, a write to a pinned page would copy the page.
        tables.reclaimer().destroyNow(root().top());
        retired.release(tables.reclaimer(), pools);
    }

    /** Gives the tree up. If a writer does not finish in time, this throws and the table stays open. */
    public void close() {
        // STEP(drop 1)
        Root last = root();
        root = null;
        boolean isInvalidated = false;
        try {
            invalidateAndWait(TranslationVersion.ALL);
            copies.awaitEnd(); // a migration does not ask a space that has left the lineage
            isInvalidated = true;
        } finally {
            if (!isInvalidated) {
                root = last;
            }
        }
        retired.addTop(last.top());
    }

    /** Releases the tree that {@link #close} gave up. What cannot be released now goes to the reclaimer, once. */
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

    /** The name that the user gave its space; null if none. */
    public @Nullable String givenName() {
        return givenName;
    }

    /** The name of a space: the given one, or one made of the id. */
    public static String nameOf(@Nullable String givenName, int id) {
        return givenName != null ? givenName : "space-" + id;
    }

    /** The kind and name of its space, for messages. */
    public String describeName() {
        return (isSnapshot ? "snapshot " : "space ") + name();
    }

    /** True if the space is a snapshot, which may never be written. */
    public boolean isSnapshot() {
        return isSnapshot;
    }

    @Override
    public String toString() {
        return "PageTable[" + describeName() + (isClosed() ? ", closed" : "") + "]";
    }
}
