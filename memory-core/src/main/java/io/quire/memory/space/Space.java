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
import io.quire.memory.table.Root;
import io.quire.memory.table.TranslationVersion;
import io.quire.memory.trace.CreationSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One address space: a {@link PageTable}, and what each change of the table means for the devices that mirror the
 * space, for its pins, and for its lineage.
 * <p>
 * Any thread. Everything that takes the lock of the table may wait for another such operation on the same space, and
 * for writers that are inside a single access.
 */
public final class Space {

    /** How many nodes of dropped trees a close destroys itself, in some tens of microseconds. */
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

    // Constants: the close of a space without devices must not allocate.
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

    /** True if a thread is closing this, or has closed it. Accessed through {@link #CLOSING}. */
    @SuppressWarnings("UnusedVariable")
    private volatile boolean closing;

    /** Used by {@link OpenSpaces} alone, on the thread that opens or closes this. */
    boolean isCounted;

    /** Used by {@code upkeep.SnapshotWatch} alone. */
    private boolean overstayReported;

    /** The thread of the cursor that this snapshot was made for; null if it was made for no cursor. */
    private volatile @Nullable Thread cursorOwner;

    /** What this held when it got a name for that; null if it never got one. Under the lock of the table. */
    private @Nullable Moment moment;

    /** Never read: the phantom reference must stay reachable as long as this is. */
    @SuppressWarnings("UnusedVariable")
    private @Nullable WatchedSpace watch;

    private volatile @Nullable Residents residents; // made when first asked for

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
     * @param handleOf makes the user's handle; called before the space is open, so that a failure leaves no open space
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

    /** Removes a range of mapped addresses, and its pages. */
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

    /** Makes the pages of a range read as zeros again, and gives their frames back. */
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
        pins.endIdleViews(); // or ended pins go on holding the frames
        try (Notifier.Window _ = notifier.start(kind, address, address + sizeBytes)) {
            state.exclusives().forget(address, address + sizeBytes);
            change.run();
        }
    }

    /** Changes the protection of a range of mapped addresses. */
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
     * Copies the space as it is at one moment during the call.
     *
     * @param asSnapshot true if the copy refuses every write
     * @param childName the name of the copy, or null
     * @param handleOf makes the user's handle; called before the copy is open, so that a failure leaves no open copy
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
            pins.endIdleViews(); // or the child gets copies of the pages that ended pins hold
            // STEP(fork with pins 1)
            if (isSnapshot()) {
                table.disown(); // a pin may have made nodes the snapshot's own
            } else {
                takeWritesFromAll();
            }
            Space child = new Space(machine, state.fork(childId, childName, asSnapshot), table);
            Moment held = heldMoment();
            child.moment = held == null ? null : new Moment(held.id(), child.table.root());
            H handle = handleOf.apply(child);
            child.table.acquireTree();
            boolean listed = false;
            try {
                // STEP(fork with pins 2)
                copyPinned(child);
                // Under the lock: whoever locks the whole lineage afterwards must find the child.
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

    /** Undoes a fork. Allocates nothing. */
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

    /** Gives the child frames of its own for pinned pages: the holder of a pin goes on writing to the old ones. */
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
     * Closes the space. Bounded work: later faults or the background agent destroy the tree. After a failure it can be
     * called again, and goes on where it stopped.
     *
     * @return false if it was closed before, or another thread is closing it
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
     * Does the work of {@link #close}. Allocates only what devices are told, and that before the first change. After a
     * later failure it can be called again.
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
                    machine.pins().addClosed(pins); // before the close: afterwards nothing else leads to its pins
                }
                try (Notifier.Window _ = notifier.start(InvalidationKind.RELEASE, 0, Long.MAX_VALUE)) {
                    table.close();
                } finally {
                    if (!isClosed() || !pins.holdsAny()) { // exact, because no accessor can pin any more
                        machine.pins().forgetClosed(pins);
                    }
                }
            }
            table.releaseTree(); // also if an earlier call has closed the table and then failed
            pins.endIdleViews();
            pins.forgetViewsIfNone();
            for (int i = 0; i < mirrors.size(); i++) {
                if (!mirrors.get(i).isClosed()) { // else an earlier call has begun its end
                    mirrors.get(i).close(farewells.get(i));
                }
            }
        } finally {
            table.unlock();
        }
        state.lineage().remove(state);
        machine.spaces().remove(this); // last: while the space is listed, a failed close is tried again
        for (int i = 0; i < farewells.size(); i++) {
            farewells.get(i).await();
        }
        // STEP(drop 3)
        machine.reclaimer().reclaimIfPossible(NODES_PER_CLOSE);
    }

    /** Watches the user's handle: when nobody can reach it any more, the space is closed. */
    public void watchedThrough(Object handle) {
        watch = new WatchedSpace(handle, this);
    }

    /** Does the same for a snapshot that was made for a cursor of the calling thread. */
    public void watchedThroughCursor(Object cursor) {
        cursorOwner = Thread.currentThread();
        watchedThrough(cursor);
    }

    /** True if the thread of a cursor may be reading the memory of a run now, and the caller cannot end that. */
    public boolean isBeingRead() {
        Thread reader = cursorOwner;
        table.lock();
        try {
            return reader != null && table.kept().hasCursor() && !Ownership.mayClose(reader);
        } finally {
            table.unlock();
        }
    }

    /** Returns the name of the thread that opened the cursor which this snapshot was made for; else an empty text. */
    public String cursorThread() {
        Thread reader = cursorOwner;
        return reader == null ? "" : reader.getName();
    }

    // ---- moments

    /**
     * Returns the name of the moment that the space holds. A snapshot always holds one; any other space from
     * {@link #holdsMoment}, or from the fork of a space that held it, until its first change.
     *
     * @return the name, or null if it holds none
     */
    public @Nullable UUID momentOrNull() {
        StackRoom.require();
        UUID fresh = UUID.randomUUID(); // not under the lock, because it may wait for the system
        table.lock();
        try {
            Root root = table.root();
            Moment held = heldMoment();
            if (held == null && isSnapshot()) {
                held = new Moment(fresh, root);
                moment = held;
            }
            return held == null ? null : held.id();
        } finally {
            table.unlock();
        }
    }

    /** Names the moment that the space holds now, until its first change. */
    public void holdsMoment(UUID id) {
        StackRoom.require();
        table.lock();
        try {
            takeWritesFromAll(); // from now on the first write changes the top
            moment = new Moment(id, table.root());
        } finally {
            table.unlock();
        }
    }

    /** Under the lock. The content of a snapshot stays, even if a pin or a migration gives it nodes of its own. */
    private @Nullable Moment heldMoment() {
        return isSnapshot() ? moment : Moment.ifHeld(moment, table.root());
    }

    // ---- pins and cursors

    /**
     * Pins a run of pages; see {@code AddressSpace.pin}.
     *
     * @param creation the stack that pins; null if it is not recorded
     */
    public PinRecord pin(long address, int pages, PinTerm term, PinAccess access, @Nullable CreationSite creation) {
        StackRoom.require();
        return new Pinning(this).pin(address, pages, term, access, creation);
    }

    /** Keeps each page between two addresses in its frame, until this is called again. For a cursor. */
    public void keepInPlace(long from, long to) {
        table.lock();
        try {
            table.kept().keepForCursor(from, to);
        } finally {
            table.unlock();
        }
    }

    /** True if a cursor may be reading a page now. */
    public boolean isKeptInPlace(long page) {
        table.lock();
        try {
            return table.kept().isReadByCursor(page);
        } finally {
            table.unlock();
        }
    }

    // ---- parts

    /** Returns the part of the space that faults and migrations work on. */
    public SpaceState state() {
        return state;
    }

    public PageTable table() {
        return table;
    }

    public PinList pins() {
        return pins;
    }

    // ---- description

    /** Returns what all spaces of its manager share. */
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

    /** True if this was reported as too old. */
    public boolean isOverstayReported() {
        return overstayReported;
    }

    public void overstayReported() {
        overstayReported = true;
    }

    /** True if it is a fork or a snapshot of another space. */
    public boolean isForked() {
        return parentId != 0;
    }

    public boolean isClosed() {
        return table.isClosed();
    }

    /** Returns the heap objects of the structures inside. A fork has its own. */
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

    /** Returns the name of the space that it was forked from; null if it was not forked. */
    public @Nullable String parent() {
        return isForked() ? PageTable.nameOf(parentGivenName, parentId) : null;
    }

    /** True if it is the snapshot of a cursor. */
    public boolean isOfCursor() {
        return cursorOwner != null;
    }

    /** Returns the kind and the name, for messages. */
    public String describeName() {
        return table.describeName();
    }

    /** Describes the space in a line, followed by the stack that created it if leaks are tracked. */
    public String describe() {
        Thread reader = cursorOwner;
        return (reader == null ? "" : "cursor, ") + describeName() + (isForked() ? " forked from " + parent() : "")
                + (reader == null ? "" : ", opened by thread " + reader.getName())
                + ", age=" + creation.age().toMillis() + " ms" + creation.where();
    }
}
