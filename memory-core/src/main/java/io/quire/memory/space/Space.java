package io.quire.memory.space;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.OutOfAddressesException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.frame.FrameMemory;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.Ownership;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.OwnedTree;
import io.quire.memory.table.Retired;
import io.quire.memory.table.Root;
import io.quire.memory.table.TranslationVersion;
import io.quire.memory.table.UpperDirectory;
import io.quire.memory.trace.Birth;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One address space. Its table is changed under {@link #lock} only: by faults, fork, map, unmap, protect, discard and
 * close. Readers and writers of resident pages walk the table without it and hold to two rules:
 * <ul>
 * <li><em>readers</em> take the {@link TranslationVersion#version} first and, after they have loaded the data, look whether it
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
    private static final AtomicReferenceFieldUpdater<Space, @Nullable Residents> RESIDENTS =
            AtomicReferenceFieldUpdater.newUpdater(Space.class, Residents.class, "residents");

    private static final VarHandle CLOSING;

    static {
        try {
            CLOSING = MethodHandles.lookup().findVarHandle(Space.class, "closing", boolean.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    // Made once: where they are used nothing may be allocated.
    private static final LongUnaryOperator SHOW = Entry::visible;
    private static final LongUnaryOperator HIDE = Entry::hidden;
    private static final List<Mirror> NO_MIRRORS = List.of();
    private static final List<Mirror.News> NO_NEWS = List.of();

    private final Mutex lock = new Mutex();
    private final TranslationVersion translations = new TranslationVersion();
    private final Retired retired = new Retired();
    private final Notifier notifier = new Notifier();
    private final Machine machine;
    private final FramePools pools;
    private final FrameMemory memory;
    private final Lineage lineage;
    private final OwnedTree tree;
    private final PageFaults faults;
    private final Exclusives exclusives;
    private final DeviceFaults deviceFaults;
    private final Pins pins;
    private final Writers writers;
    private final Birth birth;
    private final int id;
    private final Integer key;
    private final int parentId;
    private final @Nullable String parentName;
    private final @Nullable String name;
    private final boolean snapshot;

    private volatile CowPlacement cowPlacement;
    private volatile @Nullable Root root;

    /** Whether a thread is closing this, or has. Through {@link #CLOSING}. */
    @SuppressWarnings("UnusedVariable")
    private volatile boolean closing;

    /** Of {@link OpenSpaces}; of the thread that opens or closes this. */
    boolean isCounted;

    /** The reclaimer has what was left to release when this was closed. Under the lock. */
    private boolean isLeft;

    /** Of {@link SnapshotWatch}. */
    private boolean overstayReported;

    /** Whose cursor this snapshot was made for; null if it is none. */
    private volatile @Nullable Thread cursorOwner;

    /** Kept here, so that it is as long as this is open. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable WatchedSpace watch;

    /** What a cursor reads without looking at the table again; under the lock. */
    private long keptFrom;
    private long keptTo;
    /** What is just being written; under the lock. */
    private @Nullable RangeWrite firstRangeWrite;

    private volatile @Nullable Residents residents; // none before the first is asked for

    private Space(Machine machine, Integer id, @Nullable Space parent, @Nullable String name, boolean snapshot,
            Root root) {
        this.machine = machine;
        this.pools = machine.pools();
        this.memory = pools.memory();
        this.lineage = parent == null ? new Lineage() : parent.lineage;
        this.tree = new OwnedTree(pools, retired);
        this.faults = new PageFaults(this, tree, retired);
        this.exclusives = new Exclusives(this);
        this.deviceFaults = new DeviceFaults(this);
        this.pins = new Pins(this);
        this.writers = new Writers(id, machine.writerSlots());
        this.birth = machine.spaces().birth();
        this.id = id;
        this.key = id;
        // Not the parent itself: a lineage of forks would keep every ancestor alive.
        this.parentId = parent == null ? 0 : parent.id;
        this.parentName = parent == null ? null : parent.name;
        this.name = name;
        this.snapshot = snapshot;
        this.cowPlacement = parent == null ? machine.policies().cowPlacement() : parent.cowPlacement;
        this.root = root;
    }

    /**
     * Opens a space without any mapping.
     *
     * @param name may be null
     * @param handleOf makes what the user gets; before the space is open, so that whatever fails here opens nothing
     */
    public static <H> H open(Machine machine, @Nullable String name, Function<Space, H> handleOf) {
        StackRoom.require();
        Integer id = machine.spaces().reserve();
        boolean open = false;
        try {
            Space space = new Space(machine, id, null, name, false, Root.empty(machine.newGeneration()));
            H handle = handleOf.apply(space);
            space.lineage.add(space);
            machine.spaces().add(space);
            open = true;
            return handle;
        } finally {
            if (!open) {
                machine.spaces().cancel(id);
            }
        }
    }

    // ---- what accessors read on their fast path

    /** The version that changes whenever a translation or a permission is taken away. */
    public TranslationVersion translations() {
        return translations;
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
        while (true) {
            Root current = root();
            LeafDirectory directory = current.directory(address);
            long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(address));
            long entry = leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(address));
            if (Entry.isReadable(entry)) {
                noteUse(Objects.requireNonNull(leaf), address, entry);
                return Entry.offset(entry) + Geometry.pageOffset(address);
            }
            if (!findMapped(current, address).protection().isReadable()) {
                throw notReadable(current, address);
            }
            if (!Entry.isPresent(entry)) {
                return pools.zeroFrame() + Geometry.pageOffset(address);
            }
            // In private memory, exclusive to a device, or hidden by a protection that is being lifted just now.
            faultForRead(address);
        }
    }

    /** Whether an offset is one of a page that was never written. */
    public boolean isZero(long offset) {
        return Geometry.pageStart(offset) == pools.zeroFrame();
    }

    /**
     * The offset of a byte that may be written now, or -1. It may be written as long as the caller stays in the writer
     * slot he is in, or finds the version unchanged in the next one.
     */
    public long offsetForWrite(long address) {
        Root current = root;
        if (current == null || snapshot) { // a snapshot may own a leaf, for the sake of a pin
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
    private void noteUse(long[] leaf, long address, long entry) {
        if (machine.asksForUse(Entry.offset(entry))) {
            Leaf.setAccessed(leaf, Geometry.pageIndex(address));
        }
    }

    // ---- faults

    /** Brings the page of an address within reach of the processor. */
    private void faultForRead(long address) {
        StackRoom.require();
        boolean here;
        lock.lock();
        try {
            checkReadable(address);
            here = faults.read(address);
        } finally {
            lock.unlock();
        }
        if (!here) {
            machine.migration().bringHome(this, Geometry.pageStart(address), null);
        }
    }

    /**
     * Makes the page of an address resident, this space's own and writable: zero-fills it, copies it if it is shared,
     * or takes it over if nobody else is left.
     *
     * @param frames where a frame of the host comes from, and where those go that the fault frees
     */
    public void faultForWrite(long address, FrameSource frames) {
        StackRoom.require();
        machine.reclaimer().reclaim(NODES_PER_FAULT, frames);
        while (true) {
            lock.lock();
            try {
                if (faults.write(address, frames) != PageFaults.AWAY) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            machine.migration().bringHome(this, Geometry.pageStart(address), null);
        }
    }

    /**
     * The same for several pages at once, none of which can be taken away again before they are written.
     *
     * @param address in the first page
     * @param offsets gets the offset of each page
     * @param frames as for one page
     * @param enter puts the caller into a writer slot; runs under the lock, when all pages are there
     */
    public void faultForWrites(long address, long[] offsets, FrameSource frames, Runnable enter) {
        StackRoom.require();
        machine.reclaimer().reclaim(NODES_PER_FAULT * offsets.length, frames);
        FilledPages filled = new FilledPages(this, Geometry.pageStart(address));
        try {
            faultAll(address, offsets, frames, enter, filled);
        } catch (Throwable refused) {
            filled.giveBack(refused);
            throw refused;
        }
    }

    private void faultAll(long address, long[] offsets, FrameSource frames, Runnable enter, FilledPages filled) {
        while (true) {
            long away = -1;
            lock.lock();
            try {
                for (int i = 0; i < offsets.length && away < 0; i++) {
                    long page = Geometry.pageStart(address) + ((long) i << Geometry.PAGE_SHIFT);
                    if (!Entry.isPresent(entry(page))) {
                        filled.add(page, page + Geometry.PAGE_BYTES);
                    }
                    offsets[i] = faults.write(i == 0 ? address : page, frames); // a refusal names what was asked for
                    away = offsets[i] == PageFaults.AWAY ? page : -1;
                }
                if (away < 0) {
                    enter.run();
                    return;
                }
            } finally {
                lock.unlock();
            }
            machine.migration().bringHome(this, away, null);
        }
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

    // ---- mappings

    /** Adds a mapping; see {@code AddressSpace.map}. */
    public long map(long sizeBytes, Protection protection) {
        StackRoom.require();
        lock.lock();
        try {
            Root current = root();
            if (snapshot) {
                throw ProtectionException.snapshot(name());
            }
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
        withdraw(address, sizeBytes, InvalidationKind.UNMAP,
                current -> current.withMappings(current.mappings().minus(address, address + sizeBytes)));
    }

    /** Has the pages of a range read as zeros again and gives their frames back. */
    public void discard(long address, long sizeBytes) {
        withdraw(address, sizeBytes, InvalidationKind.CLEAR, current -> current);
    }

    private void withdraw(long address, long sizeBytes, InvalidationKind kind, UnaryOperator<Root> change) {
        StackRoom.require();
        lock.lock();
        try {
            Root current = checkMapped(address, sizeBytes, kind == InvalidationKind.CLEAR);
            pins.endIdleViews(); // or they hold the frames
            try (Notifier.Window _ = notifier.start(kind, address, address + sizeBytes)) {
                exclusives.forget(address, address + sizeBytes);
                withdrawPages(current, address, sizeBytes, change);
            }
        } finally {
            lock.unlock();
        }
    }

    private void withdrawPages(Root current, long address, long sizeBytes, UnaryOperator<Root> change) {
        long end = address + sizeBytes;
        Directory top = ownTop(current);
        Root next = change.apply(current.withTop(top));
        int most = tree.prepareRemoval(top, 0, address, end, current.generation(), current.mappings());
        retired.reserve(most, most);
        // The mappings first: a reader that finds no page, and the old mappings, must not take it for a page of
        // zeros. The new version makes it look again. Nothing is allocated from here on.
        root = next;
        translations.invalidate(TranslationVersion.ALL);
        retired.unsettle();
        tree.remove(top, 0, address, end, current.generation(), current.mappings());
        invalidateAndWait(TranslationVersion.ALL);
        invalidateAndRelease(TranslationVersion.ALL);
    }

    /** Changes what may be done with a range of mapped addresses. */
    public void protect(long address, long sizeBytes, Protection protection) {
        StackRoom.require();
        long end = address + sizeBytes;
        lock.lock();
        try {
            Root current = checkMapped(address, sizeBytes, false);
            try (Notifier.Window _ = notifier.start(InvalidationKind.PROTECTION_VMA, address, end)) {
                protectPages(current, address, end, protection);
            }
        } finally {
            lock.unlock();
        }
    }

    private void protectPages(Root current, long address, long end, Protection protection) {
        boolean wasHidden = current.mappings().between(address, end).stream()
                .anyMatch(range -> !range.protection().isReadable());
        boolean shows = wasHidden && protection.isReadable();
        boolean hides = !protection.isReadable();
        if (shows || hides) {
            ownPages(current, address, end);
        }
        // A new generation takes W from every node of the tree at once; faults give it back where it is allowed.
        Root next = root().withMappings(current.mappings().protect(address, end, protection))
                .withGeneration(machine.newGeneration());
        // Pages are visible before the mappings say so and hidden after: in between a reader that finds a hidden
        // page and mappings that allow the read would take it for a page of zeros. Nothing is allocated from here on.
        if (shows) {
            changePages(next.top(), current, address, end, SHOW);
        }
        root = next;
        try {
            invalidateAndWait(TranslationVersion.ALL);
        } finally {
            if (hides) {
                changePages(next.top(), current, address, end, HIDE);
                translations.invalidate(TranslationVersion.ALL);
            }
        }
        invalidateAndRelease(TranslationVersion.ALL);
    }

    /** Makes the nodes of a range the space's own, so that the entries can be changed. */
    private void ownPages(Root current, long address, long end) {
        changePages(ownTop(current), current, address, end, LongUnaryOperator.identity());
    }

    /** Changes entries. Those of nodes that the space owns by an earlier root are its own as long as it has the lock. */
    private void changePages(Directory top, Root owner, long address, long end, LongUnaryOperator step) {
        tree.change(top, 0, address, end, owner.generation(), owner.mappings(), step);
    }

    // ---- fork and drop

    /**
     * A copy of the space as it is at one moment during the call.
     *
     * @param asSnapshot whether the copy may never be written
     * @param childName the name of the copy, or null
     * @param handleOf makes what the user gets; before the copy is open, so that whatever fails here opens nothing
     */
    public <H> H fork(boolean asSnapshot, @Nullable String childName, Function<Space, H> handleOf) {
        StackRoom.require();
        lineage.awaitGate();
        Integer childId = machine.spaces().reserve();
        boolean done = false;
        try {
            H handle = share(childId, asSnapshot, childName, handleOf);
            done = true;
            return handle;
        } finally {
            if (!done) {
                machine.spaces().cancel(childId);
            }
        }
    }

    private <H> H share(Integer childId, boolean asSnapshot, @Nullable String childName, Function<Space, H> handleOf) {
        lock.lock();
        try {
            pins.endIdleViews(); // or the child gets copies of their pages
            if (snapshot) {
                root = root().withGeneration(machine.newGeneration()); // it may own nodes, for the sake of a pin
            } else {
                takeWritesFromAll();
            }
            Root copy = root().withGeneration(machine.newGeneration());
            Space child = new Space(machine, childId, this, childName, asSnapshot, copy);
            H handle = handleOf.apply(child);
            copy.top().acquire();
            boolean listed = false;
            try {
                copyPinned(child);
                // Not later: who locks the whole lineage must find the child as soon as its parent can go on.
                lineage.add(child);
                machine.spaces().add(child);
                machine.events().forked();
                listed = true;
                return handle;
            } finally {
                if (!listed) {
                    takeBack(child);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Undoes a fork; allocates nothing. */
    private void takeBack(Space child) {
        lineage.remove(child);
        // Now, not some day: as long as the dead leaf counts, a write to a pinned page would copy it.
        machine.reclaimer().destroyNow(child.root().top());
        child.retired.release(machine.reclaimer(), pools);
    }

    private void takeWritesFromAll() {
        try (Notifier.Window _ = notifier.start(InvalidationKind.PROTECTION_PAGE, 0, Long.MAX_VALUE)) {
            exclusives.restoreAll();
            // From here on no node of the tree belongs to this space either: the next write to each copies.
            root = root().withGeneration(machine.newGeneration());
            invalidateAndWait(TranslationVersion.WRITES);
        }
    }

    /** Whoever holds a pin goes on writing to the frame, so the child gets frames of its own now. */
    private void copyPinned(Space child) {
        for (Pinned pinned : pins.holding()) {
            for (int i = 0; i < pinned.pages(); i++) {
                long page = pinned.address() + ((long) i << Geometry.PAGE_SHIFT);
                long entry = entry(page);
                if (Entry.isPresent(entry) && Entry.offset(entry) == pinned.frame(i)) {
                    child.faults.unshare(page, CowPlacement.HOST);
                }
            }
        }
    }

    /**
     * Ends the space. Bounded work: the tree is destroyed by later slow paths or the background agent. What fails half
     * way can be tried again, and goes on where it was.
     *
     * @throws ClosedException if it was ended before, or another thread is at it
     */
    public void close() {
        StackRoom.require();
        if (!CLOSING.compareAndSet(this, false, true)) {
            throw new ClosedException(describeName());
        }
        boolean ended = false;
        try {
            end();
            ended = true;
        } finally {
            closing = ended;
        }
    }

    /**
     * Takes memory only for what devices are told, and before the first change; what fails later can be called again.
     */
    private void end() {
        List<Mirror> mirrors = NO_MIRRORS;
        List<Mirror.News> farewells = NO_NEWS;
        lock.lock();
        try {
            if (notifier.isTold()) {
                mirrors = notifier.mirrors();
                farewells = mirrors.stream().map(Mirror::farewell).toList();
            }
            if (root != null) {
                if (pins.mayBeOpen()) {
                    machine.pinnedAfterClose().add(this); // before its pins can be the last that is left of it
                }
                try (Notifier.Window _ = notifier.start(InvalidationKind.RELEASE, 0, Long.MAX_VALUE)) {
                    release();
                } finally {
                    if (root != null || !pins.holdsAny()) { // no accessor is just pinning any more
                        machine.pinnedAfterClose().remove(this);
                    }
                }
            }
            releaseRetired(); // here: a close that has failed behind the release goes on with it
            pins.endIdleViews();
            pins.forgetViewsIfNone();
            for (int i = 0; i < mirrors.size(); i++) {
                if (!mirrors.get(i).isClosed()) { // else its end was begun before
                    mirrors.get(i).close(farewells.get(i));
                }
            }
        } finally {
            lock.unlock();
        }
        lineage.remove(this);
        machine.spaces().remove(this); // last of what must be done: as long as it is listed, the end is tried again
        for (int i = 0; i < farewells.size(); i++) {
            farewells.get(i).await();
        }
        machine.reclaimer().reclaimIfPossible(NODES_PER_CLOSE);
    }

    /** Gives the table up; if a writer does not come to an end, the space stays as it was. */
    private void release() {
        Root last = root();
        root = null;
        boolean withdrawn = false;
        try {
            invalidateAndWait(TranslationVersion.ALL);
            withdrawn = true;
        } finally {
            if (!withdrawn) {
                root = last;
            }
        }
        retired.addTop(last.top());
    }

    /** Releases the tree, or leaves it to the reclaimer, once: then it is that one's. */
    private void releaseRetired() {
        if (isLeft) {
            return;
        }
        invalidateAndRelease(TranslationVersion.ALL);
        if (!retired.isEmpty()) {
            machine.reclaimer().leave(retired);
            isLeft = true;
        }
    }

    /**
     * Closes the space when nobody can reach its handle any more.
     *
     * @param handle what the user holds
     */
    public void watchedThrough(Object handle) {
        watch = new WatchedSpace(handle, this);
    }

    /** The same for a snapshot that was made for a cursor of the calling thread. */
    public void watchedThroughCursor(Object cursor) {
        cursorOwner = Thread.currentThread();
        watchedThrough(cursor);
    }

    /** Whether the thread of a cursor may be reading the memory of a run just now; the caller cannot end that. */
    boolean isBeingRead() {
        Thread reader = cursorOwner;
        lock.lock();
        try {
            return reader != null && keptFrom < keptTo && !Ownership.mayClose(reader);
        } finally {
            lock.unlock();
        }
    }

    // ---- pins and cursors

    /**
     * Pins a run of pages; see {@code AddressSpace.pin}.
     *
     * @param birth the stack that pins, if it is to be remembered
     */
    public Pinned pin(long address, int pages, PinTerm term, PinAccess access, @Nullable Birth birth) {
        StackRoom.require();
        return pins.pin(address, pages, term, access, birth);
    }

    /**
     * Ends a use of a pin in the list.
     *
     * @return false if it was ended before
     */
    public boolean unpin(Pinned pinned, int use) {
        StackRoom.require();
        return pins.unpin(pinned, use);
    }

    /** Lets an accessor of this thread, whose slot is known, pin in places of its own. */
    PinPlaces newPinPlaces(WatchedAccessor accessor) {
        PinPlaces places = new PinPlaces(this, accessor);
        lock.lock();
        try {
            root();
            pins.add(places);
        } finally {
            lock.unlock();
        }
        return places;
    }

    /** Has the pins of an accessor go to the list, by a thread that may close it; again has no effect. */
    void removePlaces(PinPlaces places) {
        lock.lock();
        try {
            pins.remove(places);
        } finally {
            lock.unlock();
        }
    }

    /** Has the pins of threads that have ended, and of this one, go to the list, where they can be ended. */
    void removePlacesOfEnded() {
        lock.lock();
        try {
            pins.removePlacesOfEnded();
        } finally {
            lock.unlock();
        }
    }

    /** Ends all pins in the list that were taken through an accessor which nobody can reach; how many. */
    int unpinAllOf(WatchedAccessor accessor) {
        int count = 0;
        for (Pinned pinned : openPins()) {
            if (pinned.isWatchedWith(accessor) && unpin(pinned, pinned.use())) {
                count++;
            }
        }
        return count;
    }

    /** An accessor has unpinned after this space was closed. */
    public void noteUnpinned() {
        lock.lock();
        try {
            pins.noteUnpinned();
        } finally {
            lock.unlock();
        }
    }

    /** What comes of work with the memory of a pin in the list; null if this use of it was ended before. */
    public <T> @Nullable T whilePinned(Pinned pinned, int use, Supplier<T> work) {
        StackRoom.require();
        lock.lock();
        try {
            return pinned.isOpen(use) ? work.get() : null;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Shows the pages of a pin in the list to any thread, {@linkplain #whilePinned while it is open}.
     *
     * @param pin stays reachable as long as it is open and somebody has one of the segments
     * @param segments makes them, in an arena that ends with the pin or some time later
     */
    public SharedViews.Shown show(Pinned pinned, Object pin, Function<Arena, List<MemorySegment>> segments) {
        return pins.show(pinned, pin, segments);
    }

    /** Ends the segments of pins that have ended, as far as nobody keeps them from ending. */
    void endIdleViews() {
        lock.lock();
        try {
            pins.endIdleViews();
            pins.forgetViewsIfNone();
        } finally {
            lock.unlock();
        }
    }

    /** The pins that are open now. */
    List<Pinned> openPins() {
        lock.lock();
        try {
            return List.copyOf(pins.open());
        } finally {
            lock.unlock();
        }
    }

    /** Who holds a page that cannot move, in words. */
    String holderOf(long page) {
        lock.lock();
        try {
            long entry = entry(page);
            Pinned pinned = pins.find(page, Entry.offset(entry));
            return pinned != null ? pinned.toString() : "a cursor, or a pin that was closed just now";
        } finally {
            lock.unlock();
        }
    }

    /** Lets no page between two addresses move until this is called again; for a cursor. */
    public void keepInPlace(long from, long to) {
        lock.lock();
        try {
            keptFrom = from;
            keptTo = to;
        } finally {
            lock.unlock();
        }
    }

    /** The pages of a leaf that a cursor may be reading, or a range write is about to write; under the lock. */
    long keptInPlace(long leafStart) {
        long kept = LeafPages.between(leafStart, keptFrom, keptTo);
        for (RangeWrite write = firstRangeWrite; write != null; write = write.next()) {
            kept |= write.pagesOf(leafStart);
        }
        return kept;
    }

    /** Keeps the pages of a range where they are, as soon as they are within reach of the processor. */
    void add(RangeWrite write) {
        lock.lock();
        try {
            root();
            write.setNext(firstRangeWrite);
            firstRangeWrite = write;
        } finally {
            lock.unlock();
        }
    }

    /** Ends that. */
    void remove(RangeWrite write) {
        lock.lock();
        try {
            RangeWrite before = null;
            for (RangeWrite one = firstRangeWrite; one != null; one = one.next()) {
                if (one.equals(write)) {
                    unlink(before, one);
                    return;
                }
                before = one;
            }
        } finally {
            lock.unlock();
        }
    }

    private void unlink(@Nullable RangeWrite before, RangeWrite write) {
        if (before == null) {
            firstRangeWrite = write.next();
        } else {
            before.setNext(write.next());
        }
    }

    /** Whether a page belongs to a range that is being written; under the lock. */
    boolean isBeingWritten(long page) {
        for (RangeWrite write = firstRangeWrite; write != null; write = write.next()) {
            if (write.contains(page)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a cursor may be reading a page just now. */
    boolean isKeptInPlace(long page) {
        lock.lock();
        try {
            return keptFrom <= page && page < keptTo;
        } finally {
            lock.unlock();
        }
    }

    // ---- withdrawal

    /** After a change of root or entries: no access that begins later relies on what was there before. */
    void invalidateAndWait(long what) {
        translations.invalidate(what);
        writers.await();
        retired.settle();
    }

    /**
     * Releases what was taken out of the tree, after readers can know; what cannot be released now stays for the next
     * operation. Writers never relied on it, or were waited for; if that failed, it stays until they are.
     */
    void invalidateAndRelease(long what) {
        if (retired.isEmpty()) {
            return;
        }
        translations.invalidate(what);
        if (!retired.isSettled()) {
            return;
        }
        try {
            retired.release(machine.reclaimer(), pools);
        } catch (OutOfMemoryError | StackOverflowError later) {
            // the operation is done, and nothing is lost
        }
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

    /**
     * Has a thread write no more.
     *
     * @param places where it has pinned; null if it has not
     */
    public void removeWriter(WriterSlot slot, @Nullable PinPlaces places) {
        lock.lock();
        try {
            writers.remove(slot);
            if (places != null) {
                pins.remove(places);
            }
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

    Root checkWritable(long address) {
        Root current = checkChangeable(address);
        Protection protection = findMapped(current, address).protection();
        if (!protection.isWritable()) {
            throw ProtectionException.of(name(), address, "written", protection);
        }
        return current;
    }

    void checkReadable(long address) {
        Root current = root();
        if (!findMapped(current, address).protection().isReadable()) {
            throw notReadable(current, address);
        }
    }

    private ProtectionException notReadable(Root current, long address) {
        return ProtectionException.of(name(), address, "read", findMapped(current, address).protection());
    }

    /** The mapping of an address. */
    Mappings.Range findMapped(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        if (range == null) {
            throw notMapped(address, current.mappings());
        }
        return range;
    }

    boolean isReadable(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        return range != null && range.protection().isReadable();
    }

    /** Whether a page may ever be written in this space. */
    boolean isWritable(Root current, long address) {
        Mappings.Range range = current.mappings().find(address);
        return !snapshot && range != null && range.protection().isWritable();
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

    /** Refuses a range that is not wholly mapped or of which a page may not be written. */
    public void checkAllWritable(long address, long sizeBytes) {
        checkChangeable(address);
        checkAllMapped(address, sizeBytes);
        for (Mappings.Range part : root().mappings().between(address, address + sizeBytes)) {
            if (!part.protection().isWritable()) {
                throw ProtectionException.of(name(), Math.max(part.start(), address), "written", part.protection());
            }
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

    // ---- its parts, for those who work under its lock

    void lock() {
        lock.lock();
    }

    void unlock() {
        lock.unlock();
    }

    boolean isLockedByMe() {
        return lock.isMine();
    }

    PageFaults faults() {
        return faults;
    }

    DeviceFaults deviceFaults() {
        return deviceFaults;
    }

    Exclusives exclusives() {
        return exclusives;
    }

    Notifier notifier() {
        return notifier;
    }

    Pins pins() {
        return pins;
    }

    /** Takes a page out of a leaf of the space's own; released when it is withdrawn. */
    void takeOut(long[] leaf, int page) {
        retired.reserve(0, 1);
        long offset = Entry.offset(Leaf.entry(leaf, page));
        Leaf.set(leaf, page, Entry.ABSENT);
        retired.addFrame(offset);
    }

    Retired retired() {
        return retired;
    }

    /** The entry of a page now. */
    long entry(long page) {
        long[] leaf = leaf(page);
        return leaf == null ? Entry.ABSENT : Leaf.entry(leaf, Geometry.pageIndex(page));
    }

    /** The leaf of a page now; null if there is none. */
    long @Nullable [] leaf(long page) {
        Root current = root;
        LeafDirectory directory = current == null ? null : current.directory(page);
        return directory == null ? null : directory.leaf(Geometry.leafIndex(page));
    }

    /** The leaf of a page, made the space's own if it is not. */
    long[] ownedLeaf(long page) {
        return faults.ownLeaf(page, root());
    }

    /** Whether the frame of a page is this space's alone, and so is the way to it. */
    boolean ownsFrame(long page) {
        Root current = root();
        LeafDirectory directory = current.directory(page);
        return directory != null && directory.isOwnedBy(current.generation())
                && directory.writableLeaf(Geometry.leafIndex(page)) != null
                && pools.references(Entry.offset(entry(page))) == 1;
    }

    void setAccessed(long page) {
        LeafDirectory directory = root().directory(page);
        long[] leaf = directory == null ? null : directory.leaf(Geometry.leafIndex(page));
        if (leaf != null) {
            Leaf.setAccessed(leaf, Geometry.pageIndex(page));
        }
    }

    // ---- what it is

    /** What all spaces of its manager share. */
    public Machine machine() {
        return machine;
    }

    Lineage lineage() {
        return lineage;
    }

    public CowPlacement cowPlacement() {
        return cowPlacement;
    }

    public void setCowPlacement(CowPlacement placement) {
        cowPlacement = placement;
    }

    public int id() {
        return id;
    }

    /** The id as an object, made when the space was, so that nothing is allocated to take it out of a list. */
    Integer key() {
        return key;
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

    /** Whether {@link SnapshotWatch} has said that this has grown old. */
    boolean isOverstayReported() {
        return overstayReported;
    }

    void overstayReported() {
        overstayReported = true;
    }

    /** Whether it is a fork or a snapshot of another space. */
    public boolean isForked() {
        return parentId != 0;
    }

    public boolean isClosed() {
        return root == null;
    }

    /** What the heap keeps about the structures inside; a fork has its own. */
    public Residents residents() {
        Residents known = residents;
        if (known == null) {
            RESIDENTS.compareAndSet(this, null, new Residents());
            known = Objects.requireNonNull(residents);
        }
        return known;
    }

    public Birth birth() {
        return birth;
    }

    /** What it was forked from, in words; null if it was not forked. */
    public @Nullable String parent() {
        return isForked() ? nameOf(parentName, parentId) : null;
    }

    /** Whether it is the snapshot of a cursor. */
    public boolean isOfCursor() {
        return cursorOwner != null;
    }

    /** The table, or null after close. */
    public @Nullable Root rootOrNull() {
        return root;
    }

    /** The kind and the name, for messages. */
    public String describeName() {
        return (snapshot ? "snapshot " : "space ") + name();
    }

    /** A line about the space, with the stack that created it when leaks are tracked. */
    public String describe() {
        return (isOfCursor() ? "cursor, " : "") + describeName() + (isForked() ? " forked from " + parent() : "")
                + ", age=" + birth.age().toMillis() + " ms" + birth.where();
    }
}
