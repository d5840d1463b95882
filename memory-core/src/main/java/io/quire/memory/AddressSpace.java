package io.quire.memory;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.fault.FaultPath;
import io.quire.memory.fault.FirstWrite;
import io.quire.memory.fault.WritePages;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.migrate.RangeMigration;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.PageStates;
import io.quire.memory.space.Space;
import io.quire.memory.space.Usage;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.Root;
import io.quire.memory.table.SharedSlot;
import io.quire.memory.trace.CreationSite;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Memory by address, in pages of 4 KiB, that can be forked.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="space"}
 * <p>
 * {@link #map} makes addresses; a page gets a frame with the first write to it. {@link #fork()} copies the whole space
 * in constant time: both sides read the same frames until one of them writes, which copies that page for the writer. A
 * page has the same address in every fork, so memory may hold addresses into itself.
 * <p>
 * <b>Threads.</b> Any thread, platform or virtual, may call any method. Reads and writes here cost more than through an
 * {@link Accessor}: each read walks the table from its root, and each write claims a shared slot.
 * <p>
 * <b>Progress.</b> {@link #pageState}, {@link #mappings} and {@link #cowPlacement()} are lock-free. A method that
 * changes the space takes its lock; it may wait for an operation of another thread, and as each method says for writers
 * that are inside a single access.
 * <p>
 * <b>Close it.</b> If a space becomes unreachable while it is open, it is closed some time after the garbage collector
 * has found that out; the log reports it.
 * <p>
 * <b>Inside a call of the library to a driver</b> every method that would wait for the lock throws
 * {@link io.quire.memory.contract.DriverReentryException}.
 *
 * @see MemoryManager#newAddressSpace(String)
 * @see Accessor
 */
public final class AddressSpace extends MemoryAccess implements AutoCloseable {

    private static final int SLOT_SHIFT = 48;

    private final Space space;
    private final PageTable table;
    private final SpaceState state;
    private final FaultPath faultPath;

    /** Keeps the manager reachable while this space is: an unreachable manager is closed as forgotten. */
    private final MemoryManager manager;

    private AddressSpace(MemoryManager manager, Space space) {
        super(space.table().memory());
        this.space = space;
        this.table = space.table();
        this.state = space.state();
        this.faultPath = space.machine().faultPath();
        this.manager = manager;
    }

    /** Makes the handle of a space that is being opened. */
    static AddressSpace of(MemoryManager manager, Space space) {
        AddressSpace handle = new AddressSpace(manager, space);
        space.watchedThrough(handle);
        return handle;
    }

    // ---- addresses

    /**
     * Maps memory that can be read and written.
     *
     * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages
     * @return the first address, a multiple of 256 KiB
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if no gap is large enough
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #map(long, Protection)
     */
    public long map(long sizeBytes) {
        return map(sizeBytes, Protection.READ_WRITE);
    }

    /**
     * Maps memory: makes addresses that read as zeros. Takes no frame, and the same time for any size. An unmapped
     * guard page lies on both sides of each mapping.
     *
     * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages. All mappings of a space share 2<sup>47</sup>
     *         bytes of addresses with their guard pages
     * @param protection what may be done with the memory; {@link #protect} changes it
     * @return the first address, a multiple of 256 KiB
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.OutOfAddressesException if no gap is large enough
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #mapAt(long, long, Protection)
     * @see #unmap
     */
    public long map(long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        return space.map(pagesToMap(sizeBytes), protection);
    }

    /**
     * Maps memory at an address of your choice that can be read and written.
     *
     * @param address a multiple of 4096, at least 256 KiB
     * @param sizeBytes 1 or more; rounded up to whole pages, which end at 2<sup>47</sup> at most
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressInUseException if a page of the range, or the page before it or behind
     *         it, is mapped; nothing has changed
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #mapAt(long, long, Protection)
     */
    public void mapAt(long address, long sizeBytes) {
        mapAt(address, sizeBytes, Protection.READ_WRITE);
    }

    /**
     * Maps memory at an address of your choice. For memory that holds addresses into itself and is read back from a
     * file, or for two spaces that need the same addresses.
     * <p>
     * A later {@link #map} goes on behind the highest mapping. The table of the space gets deeper with higher
     * addresses, up to five levels. Above 2<sup>46</sup> an accessor keeps no translations, so each access walks
     * through the table.
     *
     * @param address a multiple of 4096, at least 256 KiB
     * @param sizeBytes 1 or more; rounded up to whole pages, which end at 2<sup>47</sup> at most
     * @param protection what may be done with the memory
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressInUseException if a page of the range, or the page before it or behind
     *         it, is mapped; nothing has changed
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #map(long, Protection)
     */
    public void mapAt(long address, long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        long size = pagesToMap(sizeBytes);
        if (Ranges.wholePage(address) < Mappings.LOWEST || size > Geometry.ADDRESS_LIMIT - address) {
            throw new IllegalArgumentException("a mapping must lie between 0x" + Long.toHexString(Mappings.LOWEST)
                    + " and 0x" + Long.toHexString(Geometry.ADDRESS_LIMIT) + ": address=0x" + Long.toHexString(address)
                    + ", sizeBytes=" + sizeBytes);
        }
        space.mapAt(address, size, protection);
    }

    private static long pagesToMap(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > Geometry.ADDRESS_LIMIT) {
            throw new IllegalArgumentException("a mapping must have 1 to 2^47 bytes: sizeBytes=" + sizeBytes);
        }
        return Ranges.wholePages(sizeBytes);
    }

    /**
     * Takes addresses away. Their frames become free when no fork maps them any more. The range may be a part of a
     * mapping, also out of its middle, or cover several that lie side by side. May wait for writers of this space that
     * are inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #discard
     */
    public void unmap(long address, long sizeBytes) {
        space.unmap(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)));
    }

    /**
     * Changes what may be done with mapped memory. The content is kept, also under {@link Protection#NONE}. A fork has
     * the protections of its parent at first, and from then on its own. May wait for writers of this space that are
     * inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages
     * @param protection what may be done from now on
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #mappings
     */
    public void protect(long address, long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        space.protect(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)), protection);
    }

    /**
     * Makes memory read as zeros again; the addresses stay mapped. Its frames become free when no fork maps them any
     * more. May wait for writers of this space that are inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 to 2<sup>47</sup>; rounded up to whole pages
     * @throws IllegalArgumentException if the address or the size is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be written, or this is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #unmap
     */
    public void discard(long address, long sizeBytes) {
        space.discard(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)));
    }

    // ---- copies

    /**
     * Makes a writable copy of the space with a generated name.
     *
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #fork(String)
     */
    public AddressSpace fork() {
        return fork(null);
    }

    /**
     * Makes a writable copy of the space as it is at one moment during the call. A write that returned before the call
     * is in both; a write that begins after the call is in its own space only.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="fork"}
     * <p>
     * <b>Accessors do not follow.</b> An accessor, cursor or attachment of this space keeps leading to this space. To
     * work on the copy at full speed, open an {@link #accessor()} on the copy.
     * <p>
     * Takes the same time for any size: no page is copied, except those that are pinned. Forks can be forked, to any
     * depth, and closed in any order. May wait for writers of this space that are inside a single access, and for
     * devices that may write it; exclusive access of a device ends.
     * <p>
     * Close the copy: until then it holds the old content of each page that either side has written since.
     *
     * @param name for messages and statistics; need not be unique; null for a generated one
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #snapshot(String)
     * @see #accessor()
     */
    public AddressSpace fork(@Nullable String name) {
        return copy(false, name);
    }

    /**
     * Makes a read-only copy of the space with a generated name.
     *
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #snapshot(String)
     */
    public AddressSpace snapshot() {
        return snapshot(null);
    }

    /**
     * Makes a copy as {@link #fork(String)} does, but one that refuses every change. It can be forked in turn.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="snapshot"}
     *
     * @param name for messages and statistics; need not be unique; null for a generated one
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #runs
     */
    public AddressSpace snapshot(@Nullable String name) {
        return copy(true, name);
    }

    private AddressSpace copy(boolean asSnapshot, @Nullable String name) {
        try {
            return space.fork(asSnapshot, name, child -> of(manager, child));
        } finally {
            Reference.reachabilityFence(this); // otherwise it could be closed as forgotten while it is forked
        }
    }

    // ---- tiers

    /**
     * Moves the pages of a range to a pool, without telling of the progress.
     * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="migrate"}
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 or more, less than 8 TiB; rounded up to whole pages
     * @param pool of the host or of a device of this manager
     * @return what became of each page
     * @throws IllegalArgumentException if the address or the size is out of that range, or the pool is another
     *         manager's
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.DeviceClosedException if the device of the pool is closed, or is closed
     *         meanwhile
     * @throws io.quire.memory.contract.ClosedException if the space is closed, or is closed while something is left to
     *         move
     * @see #migrate(long, long, MemoryPool, LongConsumer)
     */
    public MigrationReport migrate(long address, long sizeBytes, MemoryPool pool) {
        return migrate(address, sizeBytes, pool, _ -> {});
    }

    /**
     * Moves the pages of a range to a pool: from the host to a device, or from any device to the host. Pages keep their
     * addresses and their content. A page that forks share moves once, for all of them.
     * <p>
     * <b>Best effort.</b> A page that is pinned, is written at the same moment, or finds no free frame stays where it
     * is; the report says so. A page that was never written gets a frame of zeros on a device, and none on the host. A
     * full device evicts other pages to make room, but none of this range: what has arrived stays, and the rest is
     * reported as {@link io.quire.memory.contract.PageOutcome#NO_FREE_FRAME}. The agent does not know the range: if
     * fewer frames are free than the {@linkplain MemoryManager.Builder#watermarks low watermark} says, it evicts pages
     * that have just arrived too.
     * <p>
     * <b>Cost.</b> Time and memory depend on how many pages the range holds, not on its size. If empty pages get frames
     * on a device they depend on the size of the device too. Pages move in batches of up to 64. During each batch,
     * faults of the space and its forks wait for microseconds; reads and writes go on. A write to a page that is on its
     * way keeps the page where it was.
     * <p>
     * <b>Failures.</b> When a driver fails, or anything else is thrown, the batches before have moved. Each page of the
     * current batch is where it was or where it was to go, with the same content. The same holds if the space or the
     * device is closed meanwhile; the close of the device then brings back what had arrived there.
     *
     * @param address a multiple of 4096
     * @param sizeBytes 1 or more, less than 8 TiB; rounded up to whole pages
     * @param pool of the host or of a device of this manager
     * @param progress is told after each batch how many bytes of the range are done; runs on the caller's thread
     * @return what became of each page
     * @throws IllegalArgumentException if the address or the size is out of that range, or the pool is another
     *         manager's
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.DeviceClosedException if the device of the pool is closed, or is closed
     *         meanwhile
     * @throws io.quire.memory.contract.ClosedException if the space is closed, or is closed while something is left to
     *         move
     * @see MemoryManager#evict
     * @see #pageState
     */
    public MigrationReport migrate(long address, long sizeBytes, MemoryPool pool, LongConsumer progress) {
        Objects.requireNonNull(pool, "pool");
        Objects.requireNonNull(progress, "progress");
        int pages = Ranges.pages(sizeBytes);
        checkPool(pool);
        StackRoom.require();
        return new MigrationReport(address, pool,
                new RangeMigration(state, space.machine().evictor(), pool.frames(), Ranges.wholePage(address),
                        (long) pages << Geometry.PAGE_SHIFT).move(progress));
    }

    private void checkPool(MemoryPool pool) {
        FramePools pools = space.machine().pools();
        int number = pool.frames().number();
        if (number >= pools.count() || pools.get(number) != pool.frames()) {
            throw new IllegalArgumentException("the pool belongs to another manager: pool=" + pool.name() + ", space="
                    + name());
        }
    }

    /**
     * Returns where a copy goes when this space writes a shared page of a device.
     *
     * @return what was set last for this space or inherited from its parent; else the manager's
     * @see MemoryManager.Builder#cowPlacement
     */
    public CowPlacement cowPlacement() {
        return state.cowPlacement();
    }

    /**
     * Sets where a copy goes when this space writes a shared page of a device. Forks that are made later inherit it.
     *
     * @param placement for later copies
     * @see MemoryManager.Builder#cowPlacement
     */
    public void cowPlacement(CowPlacement placement) {
        state.setCowPlacement(Objects.requireNonNull(placement, "placement"));
    }

    /**
     * Returns what the page of an address is now. Faults nothing in and moves nothing. Lock-free. A page that was lost
     * with its private device still shows as {@code DEVICE_PRIVATE}: ask {@link Device#isLost}.
     *
     * @param address any address in the page; may be unmapped
     * @return the state, which may have changed by the time this returns
     * @throws io.quire.memory.contract.ClosedException after close
     * @see Pin#state
     */
    public PageState pageState(long address) {
        return PageStates.of(space, address);
    }

    /**
     * Pins a range: its pages stay in their frames until the pin is closed, and {@link Pin#segments()} shows their
     * memory.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="pin"}
     * <p>
     * <b>A pin copies shared pages, also a pin that only reads.</b> A page that a fork shares is copied for this space
     * before it is pinned. Without that copy, this space's own next write would copy the page, and the pin would go on
     * showing the old one. So pin and space always show the same bytes. Linux does the same: {@code pin_user_pages}
     * unshares an anonymous page, also for reading. A pin of a snapshot copies too: the pin may live longer than the
     * snapshot, and then the page would be its parent's alone, which could write it. To read memory of one moment without copies, use {@link #runs}.
     * <p>
     * <b>Native access.</b> A pin needs none: it is granted, and holds the pages, in any JVM. But
     * {@link Pin#segments()} throws {@link UnsupportedOperationException} unless the JVM was started with
     * {@code --enable-native-access=io.quire.memory} ({@code ALL-UNNAMED} on the class path).
     * <p>
     * <b>What else happens.</b> Every page gets a frame, also one that was never written and is only to be read; Linux
     * would pin its zero page for a short term. Private pages come to the host first; exclusive access of a device
     * ends. A long-term pin remembers the stack that took it, a short-term pin only with leak tracking. May wait for
     * another operation on the space; {@link Accessor#pin} mostly does not.
     * <p>
     * <b>All or nothing.</b> If there are not enough frames for all pages and copies, the pin is refused before
     * anything is done. A pin that is refused later has pinned nothing, but pages before the one that was refused keep
     * the frames they got, and copies stay. That can happen if another thread takes frames meanwhile, if a page may not
     * be pinned, or if a driver fails.
     *
     * @param address any; need not be aligned
     * @param sizeBytes 1 or more, less than 8 TiB; every page that the range touches is pinned
     * @param term how long you mean to hold the pin
     * @param access what you mean to do through the pin
     * @return the pin, to be closed by the caller; any thread may use it
     * @throws IllegalArgumentException if the size is out of that range
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be read, or for {@link PinAccess#WRITE}
     *         not be written
     * @throws io.quire.memory.contract.LongTermPinException if the term is {@link PinTerm#LONG}, a page lies on a
     *         coherent device, and the policy is {@link io.quire.memory.contract.LongTermPolicy#REFUSE}
     * @throws io.quire.memory.contract.PinLimitException if long-term pins would hold more than their limit, or a page
     *         is pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.OutOfFramesException if there are not enough frames for all pages
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException after close
     * @see Accessor#pin
     * @see #writableRuns
     */
    public Pin pin(long address, long sizeBytes, PinTerm term, PinAccess access) {
        PinRecord pinned = pinPages(address, sizeBytes, term, access);
        int use = pinned.use();
        boolean opened = false;
        try {
            Pin handle = new Pin(pinned, address, sizeBytes, term, access, this, null);
            pinned.watchedThrough(handle);
            opened = true;
            return handle;
        } finally {
            if (!opened) {
                space.pins().unpin(pinned, use);
            }
        }
    }

    /** Pins the pages that a range touches; see {@link Space#pin}. */
    PinRecord pinPages(long address, long sizeBytes, PinTerm term, PinAccess access) {
        Objects.requireNonNull(term, "term");
        Objects.requireNonNull(access, "access");
        long start = Geometry.pageStart(address);
        int pages = Ranges.pages(Math.addExact(Ranges.positive(sizeBytes), address - start));
        table.permissions().checkAllMapped(start, (long) pages << Geometry.PAGE_SHIFT);
        boolean tracked = term == PinTerm.LONG || space.machine().policies().leakTracking();
        return space.pin(start, pages, term, access, tracked ? CreationSite.now(true) : null);
    }

    // ---- ways in

    /**
     * Opens the calling thread's fast path into this space.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="accessor"}
     *
     * @return an accessor that only the calling thread may use, and that it has to close
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public Accessor accessor() {
        return new Accessor(this);
    }

    /**
     * Opens a cursor that reads a range as it is now: a loop gets the memory in runs of up to 2 MiB, as plain segments.
     * Takes a snapshot and closes it with the cursor.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="runs"}
     *
     * @param address the first address; any
     * @param sizeBytes zero or more
     * @return a cursor before the first run; only the calling thread may use it
     * @throws IllegalArgumentException if the size is negative
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be read
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #writableRuns
     */
    public RunCursor runs(long address, long sizeBytes) {
        return RunCursor.open(this, address, sizeBytes);
    }

    /**
     * Opens a cursor that reads and writes a range: a loop gets the memory in runs of up to 256 KiB, as plain segments.
     * Each run is pinned while it is used.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="writable-runs"}
     *
     * @param address the first address; any
     * @param sizeBytes zero or more
     * @return a cursor before the first run; only the calling thread may use it
     * @throws IllegalArgumentException if the size is negative
     * @throws UnsupportedOperationException without native access, where a segment cannot be made to end
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be written, or this is a
     *         snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     * @see #runs
     */
    public WritableRunCursor writableRuns(long address, long sizeBytes) {
        return WritableRunCursor.open(this, address, sizeBytes);
    }

    // ---- what it is

    @Override
    Space inner() {
        return space;
    }

    MemoryManager manager() {
        return manager;
    }

    /**
     * Returns the name of the space, given or generated.
     *
     * @return the name, for messages; also after close
     */
    public String name() {
        return space.name();
    }

    /**
     * Tells if this space refuses every change.
     *
     * @return true for what {@link #snapshot(String)} made
     */
    public boolean isSnapshot() {
        return space.isSnapshot();
    }

    /**
     * Tells if this space was closed.
     *
     * @return true from the moment when accesses are refused
     */
    public boolean isClosed() {
        return space.isClosed();
    }

    /**
     * Counts the pages of the space by walking its table, in as many steps as it has pages. Exact while nobody writes.
     * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="usage"}
     *
     * @return the counts as they were met
     * @throws io.quire.memory.contract.ClosedException after close
     * @see MemoryManager#statistics
     */
    public SpaceStatistics statistics() {
        StackRoom.require();
        Root root = table.root();
        Usage usage = Usage.of(space);
        return new SpaceStatistics(name(), root.mappings().sizeBytes(), usage.sharedPages(), usage.exclusivePages(),
                space.creation().age());
    }

    /**
     * Lists the addresses that are mapped now, in ascending order. Ranges that lie side by side and are protected alike
     * are one entry. Lock-free.
     *
     * @return a list that does not change
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public List<Mapping> mappings() {
        StackRoom.require();
        List<Mapping> list = new ArrayList<>();
        for (Mappings.Range range : table.root().mappings().between(0, Geometry.ADDRESS_LIMIT)) {
            Mapping last = list.isEmpty() ? null : list.getLast();
            boolean goesOn = last != null && last.end() == range.start() && last.protection() == range.protection();
            long start = goesOn ? list.removeLast().address() : range.start();
            list.add(new Mapping(start, range.end() - start, range.protection()));
        }
        return List.copyOf(list);
    }

    /**
     * Describes the mappings as text for a log.
     *
     * @return a line for each element of {@link #mappings()}; empty if nothing is mapped
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public String describeMappings() {
        StringBuilder lines = new StringBuilder();
        for (Mapping mapping : mappings()) {
            lines.append(mapping).append('\n');
        }
        return lines.toString();
    }

    /**
     * Closes the space. Its accessors and every later access throw {@link io.quire.memory.contract.ClosedException};
     * its forks, cursors and pins live on. Takes bounded time: the frames that it held alone become free little by
     * little, at the latest when somebody needs one.
     * <p>
     * Closing a closed space has no effect. If another thread is closing it, this returns at once, perhaps before the
     * space is closed. A close that throws can be tried again, by any thread.
     *
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the space. The
     *         space stays open; close or {@linkplain Device#giveUp give up} the device, then close the space
     */
    @Override
    public void close() {
        space.close();
    }

    @Override
    public String toString() {
        Root root = table.rootOrNull();
        return "AddressSpace[" + space.describeName()
                + (root == null ? ", closed" : ", mapped=" + root.mappings().sizeBytes() + " bytes") + "]";
    }

    // ---- access by any thread

    @Override
    long translationVersion() {
        return table.translations().version();
    }

    @Override
    long currentVersion() {
        return translationVersion();
    }

    @Override
    long offset(long address) {
        return locate(address);
    }

    @Override
    boolean isOwn(long address) {
        return table.offsetForWrite(address) >= 0 || state.lineage().isAlone();
    }

    @Override
    boolean isStill(long seen) {
        return table.translations().isStill(seen);
    }

    @Override
    long locate(long address) {
        return faultPath.offsetForRead(state, address);
    }

    @Override
    long enterWrite(long address) {
        while (true) {
            // STEP(direct write 1)
            int slot = table.enterShared();
            long offset = -1;
            try {
                // STEP(direct write 2)
                offset = table.offsetForWrite(address);
            } finally {
                if (offset < 0) {
                    table.exitShared(slot);
                }
            }
            if (offset >= 0) {
                return offset | (long) slot << SLOT_SHIFT;
            }
            firstWrite().makeWritable(address);
        }
    }

    private FirstWrite firstWrite() {
        return faultPath.firstWrite(state, space.machine().pools(), new SharedSlot(table));
    }

    @Override
    long enterWrites(WritePages pages) {
        int slot = table.enterShared();
        boolean isWritable = false;
        try {
            isWritable = findAllWritable(pages);
        } finally {
            if (!isWritable) {
                table.exitShared(slot);
            }
        }
        if (isWritable) {
            return (long) slot << SLOT_SHIFT;
        }
        int[] entered = new int[1];
        firstWrite().makeAllWritable(pages, () -> entered[0] = table.enterShared());
        return (long) entered[0] << SLOT_SHIFT;
    }

    private boolean findAllWritable(WritePages pages) {
        for (int i = 0; i < pages.count(); i++) {
            long offset = table.offsetForWrite(Geometry.pageStart(pages.address(i)));
            if (offset < 0) {
                return false;
            }
            pages.setOffset(i, offset);
        }
        return true;
    }

    @Override
    void exitWrite(long entered) {
        // STEP(direct write 3): the caller has stored
        table.exitShared((int) (entered >>> SLOT_SHIFT));
    }

    @Override
    public long spaceId() {
        return space.id();
    }

    @Override
    void checkMapped(long address, long sizeBytes) {
        table.permissions().checkAllMapped(address, sizeBytes);
    }

    @Override
    Space spaceOfRange() {
        return space;
    }
}
