package io.quire.memory;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.fault.FaultPath;
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
import io.quire.memory.trace.CreationSite;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Memory by address, in pages of 4 KiB, that can be forked. {@link #map} makes addresses; frames come with the first
 * write to each page. {@link #fork()} copies the whole space in constant time: both sides read the same frames until
 * one of them writes, which copies that page for it. Addresses mean the same in every fork, so memory may hold
 * addresses into itself.
 * <p>
 * Every method may be called by any thread, platform or virtual. Reads and writes here cost more than through an
 * {@link Accessor}, because every read walks from the root and every write claims a slot.
 */
public final class AddressSpace extends MemoryAccess implements AutoCloseable {

    private static final int SLOT_SHIFT = 48;

    private final Space space;
    private final PageTable table;
    private final SpaceState state;
    private final FaultPath faultPath;

    /** Kept reachable by all that it has opened: when nobody can reach it, it and that are given back. */
    private final MemoryManager manager;

    private AddressSpace(MemoryManager manager, Space space) {
        super(space.table().memory());
        this.space = space;
        this.table = space.table();
        this.state = space.state();
        this.faultPath = space.machine().faultPath();
        this.manager = manager;
    }

    /** The handle of a space that is just being opened. */
    static AddressSpace of(MemoryManager manager, Space space) {
        AddressSpace handle = new AddressSpace(manager, space);
        space.watchedThrough(handle);
        return handle;
    }

    // ---- addresses

    /** Maps memory that can be read and written; see {@link #map(long, Protection)}. */
    public long map(long sizeBytes) {
        return map(sizeBytes, Protection.READ_WRITE);
    }

    /**
     * Makes addresses: {@code sizeBytes}, rounded up to whole pages, that read as zeros. Costs no frame and does not
     * depend on the size. The mapping starts at a multiple of 256 KiB and is surrounded by unmapped guard pages.
     *
     * @param sizeBytes positive; all mappings of a space, with an unmapped guard page around each, share 2^47 bytes of addresses
     * @return the first address
     * @throws IllegalArgumentException if the size is zero, negative or over 2^47
     * @throws io.quire.memory.contract.OutOfAddressesException if no gap is large enough
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     */
    public long map(long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        return space.map(pagesToMap(sizeBytes), protection);
    }

    /** Maps memory at an address that can be read and written; see {@link #mapAt(long, long, Protection)}. */
    public void mapAt(long address, long sizeBytes) {
        mapAt(address, sizeBytes, Protection.READ_WRITE);
    }

    /**
     * Makes exactly these addresses, as {@link #map(long, Protection)} makes some: for memory that holds addresses into
     * itself and is read back from a file, or for two spaces that shall have the same. {@code map} goes on behind the
     * highest mapping. The higher the address, the deeper the table of the space, up to five levels; and above 2^46 an
     * accessor keeps no translations, so that each access walks through the table.
     *
     * @param address a multiple of 4096, at least 256 KiB
     * @param sizeBytes positive; rounded up to whole pages, which end at 2^47 at most
     * @throws IllegalArgumentException for another address or size
     * @throws io.quire.memory.contract.AddressInUseException if a page of the range, or the page before it or behind it,
     *         is mapped; nothing has changed
     * @throws io.quire.memory.contract.ProtectionException if this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public void mapAt(long address, long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        long size = pagesToMap(sizeBytes);
        if (Ranges.wholePage(address) < Mappings.LOWEST || size > Geometry.ADDRESS_LIMIT - address) {
            throw new IllegalArgumentException("mappings lie between 0x" + Long.toHexString(Mappings.LOWEST) + " and 0x"
                    + Long.toHexString(Geometry.ADDRESS_LIMIT) + ": address=0x" + Long.toHexString(address)
                    + ", sizeBytes=" + sizeBytes);
        }
        space.mapAt(address, size, protection);
    }

    private static long pagesToMap(long sizeBytes) {
        if (sizeBytes <= 0 || sizeBytes > Geometry.ADDRESS_LIMIT) {
            throw new IllegalArgumentException("a mapping has 1 to 2^47 bytes: sizeBytes=" + sizeBytes);
        }
        return Ranges.wholePages(sizeBytes);
    }

    /**
     * Takes addresses away and gives their frames back, once no fork holds them any more. Part of a mapping may be
     * taken out of its middle. May wait for writers of this space that are inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes positive; rounded up to whole pages
     * @throws IllegalArgumentException if the address is no multiple of 4096 or the size is not positive
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     */
    public void unmap(long address, long sizeBytes) {
        space.unmap(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)));
    }

    /**
     * Changes what may be done with mapped memory. Content is kept, also under {@link Protection#NONE}. Forks have
     * protections of their own from the moment they were made. May wait for writers inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes positive; rounded up to whole pages
     * @throws IllegalArgumentException if the address is no multiple of 4096 or the size is not positive
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if the space is a snapshot
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     */
    public void protect(long address, long sizeBytes, Protection protection) {
        Objects.requireNonNull(protection, "protection");
        space.protect(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)), protection);
    }

    /**
     * Has memory read as zeros again and gives its frames back, once no fork holds them any more; the addresses stay.
     * May wait for writers inside a single access.
     *
     * @param address a multiple of 4096
     * @param sizeBytes positive; rounded up to whole pages
     * @throws IllegalArgumentException if the address is no multiple of 4096 or the size is not positive
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be written
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the range
     */
    public void discard(long address, long sizeBytes) {
        space.discard(Ranges.wholePage(address), Ranges.wholePages(Ranges.positive(sizeBytes)));
    }

    // ---- copies

    /** Forks the space; see {@link #fork(String)}. */
    public AddressSpace fork() {
        return fork(null);
    }

    /**
     * Makes a writable copy of the space as it is at one moment during the call: a write that returned before is in
     * both, one that begins after is in its own space only. Constant time, whatever the size; copies no page but those
     * that are pinned. Forks can be forked, to any depth, and closed in any order. May wait for writers of this space
     * that are inside a single access, and for devices that may write it; exclusive access of a device ends.
     * <p>
     * Close it: until then it holds what either side has written since. One that nobody can reach any more is closed
     * some time after the garbage collector has found that out, and reported in the log.
     *
     * @param name for messages and statistics; null for a generated one
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public AddressSpace fork(@Nullable String name) {
        return copy(false, name);
    }

    /** Takes a snapshot of the space; see {@link #snapshot(String)}. Close it. */
    public AddressSpace snapshot() {
        return snapshot(null);
    }

    /**
     * Makes a copy as {@link #fork(String)} does that refuses every change. It can be forked in turn. Close it, as a fork.
     *
     * @param name for messages and statistics; null for a generated one
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public AddressSpace snapshot(@Nullable String name) {
        return copy(true, name);
    }

    private AddressSpace copy(boolean asSnapshot, @Nullable String name) {
        try {
            return space.fork(asSnapshot, name, child -> of(manager, child));
        } finally {
            Reference.reachabilityFence(this); // else it might be closed as forgotten in the middle of its last use
        }
    }

    // ---- tiers

    /** Moves a range to a pool; see {@link #migrate(long, long, MemoryPool, LongConsumer)}. */
    public MigrationReport migrate(long address, long sizeBytes, MemoryPool pool) {
        return migrate(address, sizeBytes, pool, _ -> {});
    }

    /**
     * Moves the pages of a range to a pool: from the host to a device, or from any device to the host. Pages that forks
     * share move once for all of them. Pages that were never written get a frame of zeros on a device, and none on the
     * host. Best effort, page by page: what is pinned, is written at the same moment, or finds no free frame stays
     * where it is and is reported so. To a full device other pages make room, but none of this range: what has arrived
     * stays, and the rest is reported as {@link io.quire.memory.contract.PageOutcome#NO_FREE_FRAME}.
     * <p>
     * Takes time and memory by what the range holds, not by its size, unless its empty pages are to be filled on a
     * device; then by the size of the device.
     * <p>
     * When a driver fails, or anything else is thrown, batches before have moved; of the one at hand each page is either
     * where it was or where it was to go, with the same content, and none is left in between. So it is when the space
     * or the device is closed meanwhile; what had come to the device goes back with its close.
     * <p>
     * Works in batches of up to 64 pages. During each, faults of the space and its forks wait for microseconds; reads
     * and writes go on, and a write to a page on its way keeps it where it is.
     *
     * @param address a multiple of 4096
     * @param sizeBytes positive; rounded up to whole pages
     * @param progress is told after every batch how many bytes have been dealt with; runs on the caller's thread
     * @return what became of each page
     * @throws IllegalArgumentException if the address is no multiple of 4096, the size is not positive or 8 TiB, or the pool
     *         belongs to another manager
     * @throws io.quire.memory.contract.AddressNotMappedException if a page of the range is not mapped
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.DeviceClosedException if the device of the pool is closed, or was before this
     *         came to its end
     * @throws io.quire.memory.contract.ClosedException if the space is closed, or was while something was left to move
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

    /** Where the copy goes when this space writes a shared page of a device; forks inherit it. */
    public CowPlacement cowPlacement() {
        return state.cowPlacement();
    }

    /** Chooses where the copy goes when this space writes a shared page of a device; forks made later inherit it. */
    public void cowPlacement(CowPlacement placement) {
        state.setCowPlacement(Objects.requireNonNull(placement, "placement"));
    }

    /**
     * What the page of an address is now. Faults nothing in and moves nothing. Lock-free.
     *
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public PageState pageState(long address) {
        return PageStates.of(space, address);
    }

    /**
     * Pins a range: its pages stay in their frames, and the frames at their disposal, until the pin is closed. A page
     * that a fork shares is copied before, so that what the space writes and what the pin shows stay the same. Private
     * pages come to the host first; exclusive access of a device ends. A long-term pin remembers the stack that took
     * it, a short-term one only with leak tracking. May wait for another operation on the space;
     * {@link Accessor#pin} mostly does not.
     * <p>
     * Every page gets a frame, also one that was never written. A pin of more than 64 pages for which there cannot be
     * enough frames is refused before anything is done; one that is refused later has pinned nothing, but the pages
     * before the one that was refused keep the frames they got.
     *
     * @param address any
     * @param sizeBytes positive; every page it touches is pinned
     * @throws IllegalArgumentException if the size is not positive, or 8 TiB
     * @throws io.quire.memory.contract.AddressNotMappedException if a page is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page may not be read, or not be written for
     *         {@link PinAccess#WRITE}
     * @throws io.quire.memory.contract.LongTermPinException if a page lies on a coherent device, the pin is
     *         {@link PinTerm#LONG}, and the policy is to refuse
     * @throws io.quire.memory.contract.PinLimitException if more than the limit would be pinned for long, or a page is
     *         pinned as often as can be counted
     * @throws io.quire.memory.contract.PagesBusyException if a page that has to move to the host is pinned
     * @throws io.quire.memory.contract.OutOfFramesException if there are not enough frames for all pages
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
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
     * Opens this thread's fast path into the space; close it when the thread is done.
     *
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public Accessor accessor() {
        return new Accessor(this);
    }

    /**
     * Opens a cursor over the memory of a range as it is now: a loop gets it in runs of up to 2 MiB, at the speed of
     * plain segments. Takes a snapshot, which is given up when the cursor is closed.
     *
     * @throws IllegalArgumentException if the size is negative
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be read
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy and no frame is left
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of what it may write
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public RunCursor runs(long address, long sizeBytes) {
        return RunCursor.open(this, address, sizeBytes);
    }

    /**
     * Opens a cursor over a range that is to be written: a loop gets its memory in runs of up to 256 KiB, at the speed of
     * plain segments. Each run is pinned as long as it is used.
     *
     * @throws IllegalArgumentException if the size is negative
     * @throws UnsupportedOperationException without native access, where the life of a segment cannot be shortened
     * @throws io.quire.memory.contract.AddressNotMappedException if a byte of the range is not mapped
     * @throws io.quire.memory.contract.ProtectionException if a page of the range may not be written, or this is a snapshot
     * @throws io.quire.memory.contract.ClosedException after close
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

    public String name() {
        return space.name();
    }

    /** Whether every change is refused. */
    public boolean isSnapshot() {
        return space.isSnapshot();
    }

    public boolean isClosed() {
        return space.isClosed();
    }

    /**
     * Counts pages by walking the table: as many steps as the space has pages. Exact while nobody writes.
     *
     * @throws io.quire.memory.contract.ClosedException after close
     */
    public SpaceStatistics statistics() {
        StackRoom.require();
        Root root = table.root();
        Usage usage = Usage.of(space);
        return new SpaceStatistics(name(), root.mappings().sizeBytes(), usage.sharedPages(), usage.exclusivePages(),
                space.creation().age());
    }

    /**
     * Which addresses are mapped now, ascending; what lies side by side and is protected alike is one entry. Lock-free.
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
     * The mappings as text for a log, a line each; {@link #mappings()} has the values.
     *
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
     * Ends the space: its accessors, and every later access, get a
     * {@link io.quire.memory.contract.ClosedException}. Forks and cursors live on. Bounded work; the frames it held
     * alone become free little by little, at the latest when somebody needs one.
     * <p>
     * Closing it again has no effect. If another thread is just closing it, this returns at once, and may do so before
     * the space is closed. A close that throws can be tried again, by any thread, until it succeeds.
     *
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of it; the space
     *         stays open, and can be closed once the device was closed or given up, see {@link Device#giveUp}
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
            faultPath.makeWritable(state, address, space.machine().pools());
        }
    }

    @Override
    long enterWrites(long address, long[] offsets) {
        int slot = table.enterShared();
        boolean isWritable = false;
        try {
            isWritable = findAllWritable(address, offsets);
        } finally {
            if (!isWritable) {
                table.exitShared(slot);
            }
        }
        if (isWritable) {
            return (long) slot << SLOT_SHIFT;
        }
        int[] entered = new int[1];
        faultPath.makeAllWritable(state, address, offsets, space.machine().pools(),
                () -> entered[0] = table.enterShared());
        return (long) entered[0] << SLOT_SHIFT;
    }

    private boolean findAllWritable(long address, long[] offsets) {
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = table.offsetForWrite(Geometry.pageStart(address) + ((long) i << Geometry.PAGE_SHIFT));
            if (offsets[i] < 0) {
                return false;
            }
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
