package io.quire.memory.space;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePool;
import io.quire.memory.guard.TableLock;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.Root;
import io.quire.memory.table.UpperDirectory;
import io.quire.memory.trace.Birth;
import java.util.function.LongUnaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One address space. Its table is changed under {@link #lock} only: by faults, fork, map, unmap, protect, discard and
 * close. Readers and writers of resident pages walk the table without it and hold to two rules:
 * <ul>
 * <li><em>readers</em> take the {@link Withdrawals#version} first and, after they have loaded the data, look whether it
 * is still the same; whoever takes a translation away changes the version before the frame or node can have another
 * use;
 * <li><em>writers</em> hold a slot from before they look at the version and the entry until after their store; whoever
 * takes a permission away changes the version or the entry and then waits for the slots.
 * </ul>
 * Any thread. Everything that takes the lock may wait for another such operation on the same space, and for writers
 * that are inside a single access.
 */
public final class Space {

    /** How many nodes of dropped trees a slow path destroys on the side: a few microseconds. */
    private static final int NODES_PER_FAULT = 2;
    private static final int NODES_PER_CLOSE = 16;

    private final TableLock lock = new TableLock();
    private final Withdrawals withdrawals = new Withdrawals();
    private final Retired retired = new Retired();
    private final Machine machine;
    private final FramePool pool;
    private final FrameMemory memory;
    private final OwnedTree tree;
    private final Writers writers;
    private final Birth birth;
    private final int id;
    private final int parentId;
    private final @Nullable String parentName;
    private final @Nullable String name;
    private final boolean snapshot;

    private volatile @Nullable Root root;

    private Space(Machine machine, int id, @Nullable Space parent, @Nullable String name, boolean snapshot, Root root) {
        this.machine = machine;
        this.pool = machine.pool();
        this.memory = pool.memory();
        this.tree = new OwnedTree(pool, retired);
        this.writers = new Writers(id, machine.writerSlots());
        this.birth = machine.spaces().birth();
        this.id = id;
        // Not the parent itself: a lineage of forks would keep every ancestor alive.
        this.parentId = parent == null ? 0 : parent.id;
        this.parentName = parent == null ? null : parent.name;
        this.name = name;
        this.snapshot = snapshot;
        this.root = root;
    }

    /** Opens a space without any mapping; the name may be null. */
    public static Space open(Machine machine, @Nullable String name) {
        int id = machine.spaces().reserve();
        Space space = new Space(machine, id, null, name, false, Root.empty(machine.newGeneration()));
        machine.spaces().add(space);
        return space;
    }

    // ---- what accessors read on their fast path

    /** The version that changes whenever a translation or a permission is taken away. */
    public Withdrawals withdrawals() {
        return withdrawals;
    }

    public FrameMemory memory() {
        return memory;
    }

    /** The table now. */
    public Root root() {
        Root current = root;
        if (current == null) {
            throw new ClosedException(describeName());
        }
        return current;
    }

    /**
     * Where to read a byte, by the table and the mappings; the slow path of a read. A page that was never written is
     * the zero frame. The caller checks the version afterwards.
     */
    public long offsetForRead(long address) {
        Root current = root();
        LeafDirectory directory = current.directory(address);
        long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(address));
        long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(address));
        if (Entry.isReadable(entry)) {
            return Entry.offset(entry) + Geometry.pageOffset(address);
        }
        Mappings.Range range = current.mappings().find(address);
        if (range == null) {
            throw notMapped(address, current.mappings());
        }
        if (!range.protection().isReadable()) {
            throw ProtectionException.of(name(), address, "read", range.protection());
        }
        // Hidden by a protection that is being lifted just now: the caller's version is old, it will look again.
        return pool.zeroFrame() + Geometry.pageOffset(address);
    }

    /** Whether an offset is one of a page that was never written. */
    public boolean isZero(long offset) {
        return Geometry.pageStart(offset) == pool.zeroFrame();
    }

    /**
     * The offset of a byte that may be written now, or -1. It may be written as long as the caller stays in the writer
     * slot he is in, or finds the version unchanged in the next one.
     */
    public long offsetForWrite(long address) {
        Root current = root;
        if (current == null) {
            return -1;
        }
        LeafDirectory directory = current.directory(address);
        if (directory == null || !directory.isOwnedBy(current.generation())) {
            return -1;
        }
        long[] leaf = directory.writableLeaf(Geometry.leafIndex(address));
        long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(address));
        return Entry.isWritable(entry) ? Entry.offset(entry) + Geometry.pageOffset(address) : -1;
    }

    // ---- faults

    /**
     * Makes the page of an address resident, this space's own and writable: zero-fills it, copies it if it is shared,
     * or takes it over if nobody else is left.
     */
    public void faultForWrite(long address) {
        machine.reclaimer().reclaim(NODES_PER_FAULT);
        lock.lock();
        try {
            fault(address);
        } finally {
            lock.unlock();
        }
    }

    /**
     * The same for several pages at once, none of which can be taken away again before they are written.
     *
     * @param address in the first page
     * @param offsets gets the offset of each page
     * @param enter puts the caller into a writer slot; runs under the lock, when all pages are there
     */
    public void faultForWrites(long address, long[] offsets, Runnable enter) {
        machine.reclaimer().reclaim(NODES_PER_FAULT * offsets.length);
        lock.lock();
        try {
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = fault(Geometry.pageStart(address) + ((long) i << Geometry.PAGE_SHIFT));
            }
            enter.run();
        } finally {
            lock.unlock();
        }
    }

    private long fault(long address) {
        try {
            Root current = checkWritable(address);
            LeafDirectory directory = tree.ownDirectory(ownTop(current), address, current.generation());
            long[] leaf = tree.ownLeaf(directory, address, current.mappings());
            // A node that was replaced is withdrawn before anybody can write through its successor: who still reads
            // through the old one would miss that write, even one of his own.
            withdrawRetired(Withdrawals.NODES);
            return faultPage(leaf, Geometry.pageIndex(address));
        } finally {
            withdrawRetired(address);
        }
    }

    private long faultPage(long[] leaf, int page) {
        long entry = Leaf.entry(leaf, page);
        if (!Entry.isWritable(entry)) { // else another thread was faster
            entry = Entry.writable(makeExclusive(entry));
            Leaf.set(leaf, page, entry);
        }
        return Entry.offset(entry);
    }

    /** The entry of a page that no other space maps, with the content of the page. */
    private long makeExclusive(long entry) {
        if (!Entry.isPresent(entry)) {
            long frame = machine.allocateFrame(this);
            memory.fill(frame, Geometry.PAGE_BYTES, (byte) 0);
            machine.events().zeroFilled();
            return Entry.present(frame);
        }
        if (pool.references(Entry.offset(entry)) == 1) {
            machine.events().reused();
            return entry;
        }
        long frame = machine.allocateFrame(this);
        memory.copy(Entry.offset(entry), frame, Geometry.PAGE_BYTES);
        retired.addFrame(Entry.offset(entry));
        machine.events().copied();
        return Entry.present(frame);
    }

    /** The top of the tree, owned; published if it had to be copied. */
    private Directory ownTop(Root current) {
        Directory top = tree.own(current.top(), current.generation());
        if (top != current.top()) {
            root = current.withTop(top);
        }
        return top;
    }

    // ---- mappings

    /** Adds a mapping; see {@code AddressSpace.map}. */
    public long map(long sizeBytes, Protection protection) {
        lock.lock();
        try {
            Root current = checkChangeable(0);
            long address = current.mappings().place(sizeBytes);
            if (address < 0) {
                throw new OutOfAddressesException(name(), sizeBytes, Geometry.ADDRESS_LIMIT);
            }
            Directory top = current.top();
            while (address + sizeBytes > top.span()) {
                top = UpperDirectory.above(top, current.generation());
            }
            Mappings mappings = current.mappings().plus(address, address + sizeBytes, protection);
            root = new Root(top, current.generation(), mappings);
            return address;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a range of mapped addresses out of the space, and the pages with them. */
    public void unmap(long address, long sizeBytes) {
        withdraw(address, sizeBytes, false, current ->
                current.withMappings(current.mappings().minus(address, address + sizeBytes)));
    }

    /** Has the pages of a range read as zeros again and gives their frames back. */
    public void discard(long address, long sizeBytes) {
        withdraw(address, sizeBytes, true, current -> current);
    }

    private void withdraw(long address, long sizeBytes, boolean needsWritable, UnaryOperator<Root> change) {
        lock.lock();
        try {
            Root current = checkMapped(address, sizeBytes, needsWritable);
            Directory top = ownTop(current);
            // The mappings first: a reader that finds no page, and the old mappings, must not take it for a page of
            // zeros. The new version makes it look again.
            root = change.apply(current.withTop(top));
            withdrawals.withdraw(Withdrawals.ALL);
            tree.remove(top, 0, address, address + sizeBytes, current.generation(), current.mappings());
            withdrawFromAll(Withdrawals.ALL);
            withdrawRetired(Withdrawals.ALL);
        } finally {
            unlockAfterWithdrawal();
        }
    }

    /** Changes what may be done with a range of mapped addresses. */
    public void protect(long address, long sizeBytes, Protection protection) {
        long end = address + sizeBytes;
        lock.lock();
        try {
            Root current = checkMapped(address, sizeBytes, false);
            boolean wasHidden = current.mappings().between(address, end).stream()
                    .anyMatch(range -> !range.protection().isReadable());
            if (wasHidden && protection.isReadable()) {
                changePages(address, end, Entry::visible);
            }
            // A new generation takes W from every node of the tree at once; faults give it back where it is allowed.
            root = root().withMappings(current.mappings().protect(address, end, protection))
                    .withGeneration(machine.newGeneration());
            withdrawFromAll(Withdrawals.ALL);
            // Pages are visible before the mappings say so and hidden after: in between a reader that finds a hidden
            // page and mappings that allow the read would take it for a page of zeros.
            if (!protection.isReadable()) {
                changePages(address, end, Entry::hidden);
                withdrawals.withdraw(Withdrawals.ALL);
            }
            withdrawRetired(Withdrawals.ALL);
        } finally {
            unlockAfterWithdrawal();
        }
    }

    private void changePages(long address, long end, LongUnaryOperator step) {
        Root current = root();
        Directory top = ownTop(current);
        tree.change(top, 0, address, end, current.generation(), current.mappings(), step);
    }

    // ---- fork and drop

    /**
     * A copy of the space as it is at one moment during the call.
     *
     * @param asSnapshot whether the copy may never be written
     * @param childName the name of the copy, or null
     */
    public Space fork(boolean asSnapshot, @Nullable String childName) {
        int childId = machine.spaces().reserve();
        Root copy = null;
        try {
            copy = share();
            Space child = new Space(machine, childId, this, childName, asSnapshot, copy);
            machine.spaces().add(child);
            machine.events().forked();
            return child;
        } catch (RuntimeException | Error refused) {
            machine.spaces().cancel();
            if (copy != null) {
                machine.reclaimer().release(copy.top());
            }
            throw refused;
        }
    }

    /** The root of a copy, with a reference to the top. */
    private Root share() {
        lock.lock();
        try {
            Root current = root();
            if (!snapshot) {
                // From here on no node of the tree belongs to this space either: the next write to each copies.
                root = current.withGeneration(machine.newGeneration());
                withdrawFromAll(Withdrawals.WRITES);
            }
            current.top().acquire();
            return current.withGeneration(machine.newGeneration());
        } finally {
            lock.unlock();
        }
    }

    /** Ends the space. Bounded work: the tree is destroyed by later slow paths or the background agent. */
    public void close() {
        lock.lock();
        try {
            Root last = root();
            root = null;
            withdrawFromAll(Withdrawals.ALL);
            machine.reclaimer().release(last.top());
        } finally {
            lock.unlock();
        }
        machine.spaces().remove(this);
        machine.reclaimer().reclaim(NODES_PER_CLOSE);
    }

    // ---- withdrawal

    /** After a change of root or entries: no access that begins later relies on what was there before. */
    private void withdrawFromAll(long what) {
        withdrawals.withdraw(what);
        writers.await();
    }

    /** Releases what the operation took out of the tree, after readers can know. Writers never relied on it. */
    private void withdrawRetired(long what) {
        if (!retired.isEmpty()) {
            withdrawals.withdraw(what);
            retired.release(machine.reclaimer(), pool);
        }
    }

    private void unlockAfterWithdrawal() {
        // Something is left only if an error came between. A writer may still be at it: rather lose the frames than
        // give them to somebody else.
        retired.abandon();
        lock.unlock();
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

    public void removeWriter(WriterSlot slot) {
        lock.lock();
        try {
            writers.remove(slot);
        } finally {
            lock.unlock();
        }
    }

    /** Claims a slot for a writer that owns none. */
    public int enterShared() {
        return machine.writerSlots().enter(id);
    }

    public void exitShared(int slot) {
        machine.writerSlots().exit(slot);
    }

    // ---- checks, under the lock

    private Root checkChangeable(long address) {
        Root current = root();
        if (snapshot) {
            throw ProtectionException.snapshot(name(), address);
        }
        return current;
    }

    private Root checkWritable(long address) {
        Root current = checkChangeable(address);
        Mappings.Range range = current.mappings().find(address);
        if (range == null) {
            throw notMapped(address, current.mappings());
        }
        if (!range.protection().isWritable()) {
            throw ProtectionException.of(name(), address, "written", range.protection());
        }
        return current;
    }

    private Root checkMapped(long address, long sizeBytes, boolean needsWritable) {
        Root current = checkChangeable(address);
        checkAllMapped(address, sizeBytes);
        for (Mappings.Range part : current.mappings().between(address, address + sizeBytes)) {
            if (needsWritable && !part.protection().isWritable()) {
                throw ProtectionException.of(name(), part.start(), "discarded", part.protection());
            }
        }
        return current;
    }

    /** Refuses a range that is not wholly mapped. */
    public void checkAllMapped(long address, long sizeBytes) {
        Mappings mappings = root().mappings();
        if (sizeBytes == 0) {
            return;
        }
        boolean wild = address < 0 || sizeBytes > Geometry.ADDRESS_LIMIT - address;
        long gap = mappings.firstGap(address, wild ? Geometry.ADDRESS_LIMIT : address + sizeBytes);
        if (wild || gap < address + sizeBytes) {
            throw notMapped(gap, mappings);
        }
    }

    /** Refuses a range that is not wholly mapped or of which a page may not be read. */
    public void checkAllReadable(long address, long sizeBytes) {
        checkAllMapped(address, sizeBytes);
        for (Mappings.Range part : root().mappings().between(address, address + sizeBytes)) {
            if (!part.protection().isReadable()) {
                throw ProtectionException.of(name(), part.start(), "read", part.protection());
            }
        }
    }

    private AddressNotMappedException notMapped(long address, Mappings mappings) {
        return new AddressNotMappedException(name(), address, mappings.nearest(address));
    }

    // ---- what it is

    Machine machine() {
        return machine;
    }

    public int id() {
        return id;
    }

    public String name() {
        return nameOf(name, id);
    }

    private static String nameOf(@Nullable String given, int id) {
        return given != null ? given : "space-" + id;
    }

    public boolean isSnapshot() {
        return snapshot;
    }

    /** Whether it is a fork or a snapshot of another space. */
    public boolean isForked() {
        return parentId != 0;
    }

    public boolean isClosed() {
        return root == null;
    }

    public Birth birth() {
        return birth;
    }

    /** The table, or null after close. */
    @Nullable Root rootOrNull() {
        return root;
    }

    /** The kind and the name, for messages. */
    public String describeName() {
        return (snapshot ? "snapshot " : "space ") + name();
    }

    /** A line about the space, with the stack that created it when leaks are tracked. */
    public String describe() {
        return describeName() + (isForked() ? " forked from " + nameOf(parentName, parentId) : "")
                + ", age=" + birth.age().toMillis() + " ms" + birth.where();
    }
}
