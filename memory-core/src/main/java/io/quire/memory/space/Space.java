package io.quire.memory.space;

import io.quire.memory.attach.DeviceNews;
import io.quire.memory.attach.Mirror;
import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.guard.Ownership;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.TranslationVersion;
import io.quire.memory.trace.CreationSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One address space: a {@link PageTable}, and what has to be done around each change of it for the devices that mirror
 * the space, for its pins, and for the lineage of its forks.
 * <p>
 * Any thread. Everything that takes the lock of the table may wait for another such operation on the same space, and
 * for writers that are inside a single access.
 */
public final class Space {

    /** How many nodes of dropped trees a close destroys on the side: some tens of microseconds. */
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
    private static final List<Mirror> NO_MIRRORS = List.of();
    private static final List<DeviceNews> NO_NEWS = List.of();

    private final Machine machine;
    private final SpaceState state;
    private final PageTable table;
    private final PinList pins;
    private final Notifier notifier;
    private final CreationSite creation;
    private final int parentId;
    private final @Nullable String parentGivenName;

    /** Whether a thread is closing this, or has. Through {@link #CLOSING}. */
    @SuppressWarnings("UnusedVariable")
    private volatile boolean closing;

    /** Of {@link OpenSpaces}; of the thread that opens or closes this. */
    boolean isCounted;

    /** Of the watch over old snapshots, in {@code upkeep}. */
    private boolean overstayReported;

    /** Whose cursor this snapshot was made for; null if it is none. */
    private volatile @Nullable Thread cursorOwner;

    /** Kept here, so that it is as long as this is open. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable WatchedSpace watch;

    private volatile @Nullable Residents residents; // none before the first is asked for

    private Space(Machine machine, SpaceState state, @Nullable PageTable parent) {
        this.machine = machine;
        this.state = state;
        this.table = state.table();
        this.pins = state.pins();
        this.notifier = state.notifier();
        this.creation = machine.spaces().creation();
        // Not the parent itself: a lineage of forks would keep every ancestor alive.
        this.parentId = parent == null ? 0 : parent.id();
        this.parentGivenName = parent == null ? null : parent.givenName();
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
            PageTable table = PageTable.empty(machine.memory().tables(), id, name);
            SpaceState state = new SpaceState(table, machine.pins(), new Lineage(), machine.policies().cowPlacement());
            Space space = new Space(machine, state, null);
            H handle = handleOf.apply(space);
            state.lineage().add(state);
            machine.spaces().add(space);
            open = true;
            return handle;
        } finally {
            if (!open) {
                machine.spaces().cancel(id);
            }
        }
    }

    // ---- mappings

    /** Adds a mapping; see {@code AddressSpace.map}. */
    public long map(long sizeBytes, Protection protection) {
        StackRoom.require();
        table.lock();
        try {
            return table.mappings().add(sizeBytes, protection);
        } finally {
            table.unlock();
        }
    }

    /** Adds a mapping at an address; see {@code AddressSpace.mapAt}. */
    public void mapAt(long address, long sizeBytes, Protection protection) {
        StackRoom.require();
        table.lock();
        try {
            table.mappings().addAt(address, sizeBytes, protection);
        } finally {
            table.unlock();
        }
    }

    /** Takes a range of mapped addresses out of the space, and the pages with them. */
    public void unmap(long address, long sizeBytes) {
        StackRoom.require();
        table.lock();
        try {
            table.permissions().checkAllChangeable(address, sizeBytes);
            takePagesFromAll(InvalidationKind.UNMAP, address, sizeBytes,
                    () -> table.mappings().remove(address, sizeBytes));
        } finally {
            table.unlock();
        }
    }

    /** Has the pages of a range read as zeros again and gives their frames back. */
    public void discard(long address, long sizeBytes) {
        StackRoom.require();
        table.lock();
        try {
            table.permissions().checkAllWritable(address, sizeBytes, "discarded");
            takePagesFromAll(InvalidationKind.CLEAR, address, sizeBytes,
                    () -> table.mappings().discard(address, sizeBytes));
        } finally {
            table.unlock();
        }
    }

    private void takePagesFromAll(InvalidationKind kind, long address, long sizeBytes, Runnable change) {
        pins.endIdleViews(); // or they hold the frames
        try (Notifier.Window _ = notifier.start(kind, address, address + sizeBytes)) {
            state.exclusives().forget(address, address + sizeBytes);
            change.run();
        }
    }

    /** Changes what may be done with a range of mapped addresses. */
    public void protect(long address, long sizeBytes, Protection protection) {
        StackRoom.require();
        table.lock();
        try {
            table.permissions().checkAllChangeable(address, sizeBytes);
            try (Notifier.Window _ = notifier.start(InvalidationKind.PROTECTION_VMA, address, address + sizeBytes)) {
                table.mappings().protect(address, sizeBytes, protection);
            }
        } finally {
            table.unlock();
        }
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
        state.lineage().awaitGate();
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
        table.lock();
        try {
            pins.endIdleViews(); // or the child gets copies of their pages
            // STEP(fork with pins 1)
            if (isSnapshot()) {
                table.disown(); // it may own nodes, for the sake of a pin
            } else {
                takeWritesFromAll();
            }
            Space child = new Space(machine, state.fork(childId, childName, asSnapshot), table);
            H handle = handleOf.apply(child);
            child.table.acquireTree();
            boolean listed = false;
            try {
                // STEP(fork with pins 2)
                copyPinned(child);
                // Not later: who locks the whole lineage must find the child as soon as its parent can go on.
                state.lineage().add(child.state);
                machine.spaces().add(child);
                machine.events().forked();
                listed = true;
                return handle;
            } finally {
                if (!listed) {
                    // STEP(fork with pins 3)
                    takeBack(child);
                }
            }
        } finally {
            table.unlock();
        }
    }

    /** Undoes a fork; allocates nothing. */
    private void takeBack(Space child) {
        state.lineage().remove(child.state);
        child.table.giveTreeBack();
    }

    private void takeWritesFromAll() {
        try (Notifier.Window _ = notifier.start(InvalidationKind.PROTECTION_PAGE, 0, Long.MAX_VALUE)) {
            state.exclusives().restoreAll();
            table.disown();
            // STEP(fork and snapshot 2, 3)
            table.invalidateAndWait(TranslationVersion.WRITES);
        }
    }

    /** Whoever holds a pin goes on writing to the frame, so the child gets frames of its own now. */
    private void copyPinned(Space child) {
        for (PinRecord pinned : pins.holding()) {
            for (int i = 0; i < pinned.pages(); i++) {
                long page = pinned.address() + ((long) i << Geometry.PAGE_SHIFT);
                long entry = table.entry(page);
                if (Entry.isPresent(entry) && Entry.offset(entry) == pinned.frame(i)) {
                    machine.faults().unshare(child.state, page, CowPlacement.HOST);
                }
            }
        }
    }

    /**
     * Ends the space. Bounded work: the tree is destroyed by later slow paths or the background agent. What fails half
     * way can be tried again, and goes on where it was.
     *
     * @return false if it was ended before, or another thread is at it
     */
    public boolean close() {
        StackRoom.require();
        if (!CLOSING.compareAndSet(this, false, true)) {
            return false;
        }
        boolean ended = false;
        try {
            end();
            ended = true;
        } finally {
            closing = ended;
        }
        return true;
    }

    /**
     * Takes memory only for what devices are told, and before the first change; what fails later can be called again.
     */
    private void end() {
        List<Mirror> mirrors = NO_MIRRORS;
        List<DeviceNews> farewells = NO_NEWS;
        table.lock();
        try {
            if (notifier.isTold()) {
                mirrors = notifier.mirrors();
                farewells = mirrors.stream().map(Mirror::farewell).toList();
            }
            if (!isClosed()) {
                if (pins.mayBeOpen()) {
                    machine.pins().addClosed(pins); // before its pins can be the last that is left of it
                }
                try (Notifier.Window _ = notifier.start(InvalidationKind.RELEASE, 0, Long.MAX_VALUE)) {
                    table.close();
                } finally {
                    if (!isClosed() || !pins.holdsAny()) { // no accessor is just pinning any more
                        machine.pins().forgetClosed(pins);
                    }
                }
            }
            table.releaseTree(); // here: a close that has failed behind the release goes on with it
            pins.endIdleViews();
            pins.forgetViewsIfNone();
            for (int i = 0; i < mirrors.size(); i++) {
                if (!mirrors.get(i).isClosed()) { // else its end was begun before
                    mirrors.get(i).close(farewells.get(i));
                }
            }
        } finally {
            table.unlock();
        }
        state.lineage().remove(state);
        machine.spaces().remove(this); // last of what must be done: as long as it is listed, the end is tried again
        for (int i = 0; i < farewells.size(); i++) {
            farewells.get(i).await();
        }
        // STEP(drop 3)
        machine.reclaimer().reclaimIfPossible(NODES_PER_CLOSE);
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
    public boolean isBeingRead() {
        Thread reader = cursorOwner;
        table.lock();
        try {
            return reader != null && table.kept().hasCursor() && !Ownership.mayClose(reader);
        } finally {
            table.unlock();
        }
    }

    // ---- pins and cursors

    /**
     * Pins a run of pages; see {@code AddressSpace.pin}.
     *
     * @param creation the stack that pins, if it is to be remembered
     */
    public PinRecord pin(long address, int pages, PinTerm term, PinAccess access, @Nullable CreationSite creation) {
        StackRoom.require();
        return new Pinning(this).pin(address, pages, term, access, creation);
    }

    /** Lets no page between two addresses move until this is called again; for a cursor. */
    public void keepInPlace(long from, long to) {
        table.lock();
        try {
            table.kept().keepForCursor(from, to);
        } finally {
            table.unlock();
        }
    }

    /** Whether a cursor may be reading a page just now. */
    public boolean isKeptInPlace(long page) {
        table.lock();
        try {
            return table.kept().isReadByCursor(page);
        } finally {
            table.unlock();
        }
    }

    // ---- its parts

    /** What faults and migrations of the space work on. */
    public SpaceState state() {
        return state;
    }

    public PageTable table() {
        return table;
    }

    public PinList pins() {
        return pins;
    }

    // ---- what it is

    /** What all spaces of its manager share. */
    public Machine machine() {
        return machine;
    }

    public int id() {
        return table.id();
    }

    public String name() {
        return table.name();
    }

    public boolean isSnapshot() {
        return table.isSnapshot();
    }

    /** Whether it was reported that this has grown old. */
    public boolean isOverstayReported() {
        return overstayReported;
    }

    public void overstayReported() {
        overstayReported = true;
    }

    /** Whether it is a fork or a snapshot of another space. */
    public boolean isForked() {
        return parentId != 0;
    }

    public boolean isClosed() {
        return table.isClosed();
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

    public CreationSite creation() {
        return creation;
    }

    /** What it was forked from, in words; null if it was not forked. */
    public @Nullable String parent() {
        return isForked() ? PageTable.nameOf(parentGivenName, parentId) : null;
    }

    /** Whether it is the snapshot of a cursor. */
    public boolean isOfCursor() {
        return cursorOwner != null;
    }

    /** The kind and the name, for messages. */
    public String describeName() {
        return table.describeName();
    }

    /** A line about the space, with the stack that created it when leaks are tracked. */
    public String describe() {
        return (isOfCursor() ? "cursor, " : "") + describeName() + (isForked() ? " forked from " + parent() : "")
                + ", age=" + creation.age().toMillis() + " ms" + creation.where();
    }
}
