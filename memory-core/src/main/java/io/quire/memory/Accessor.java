package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.fault.FaultPath;
import io.quire.memory.fault.FirstWrite;
import io.quire.memory.fault.WritePages;
import io.quire.memory.frame.FrameCache;
import io.quire.memory.guard.Ownership;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.pin.AccessorPins;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.pin.WatchedAccessor;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.Space;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.OwnSlot;
import io.quire.memory.table.PageTable;
import io.quire.memory.table.TranslationCache;
import io.quire.memory.table.TranslationVersion;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One thread's fast path into one space. It keeps the translations that it has used lately and has a writer slot of its
 * own, so an access costs one look-up and no atomic instruction.
 * {@snippet file="io/quire/memory/snippets/SpaceSnippetsTest.java" region="accessor"}
 * <p>
 * <b>Threads.</b> Only the thread that opened it, platform or virtual, may use it; any other gets a
 * {@link WrongThreadException}. {@link #space} and {@link #spaceId} may be called by any thread.
 * <p>
 * <b>One space.</b> An accessor leads to the space it was opened on. {@link AddressSpace#fork()} does not change that:
 * to work on the fork, open another accessor there.
 * <p>
 * <b>Cost.</b> Opening and closing one takes about a microsecond. A space may have any number of them. If one has
 * written since the last fork and belongs to a thread that now does something else, {@code fork()} by another thread
 * needs a memory barrier on all processors.
 * <p>
 * <b>Free pages.</b> An accessor that writes keeps up to 64 free pages at hand. They count as free, and other threads
 * get them when there are none elsewhere, also if the accessor is idle or was never closed.
 *
 * @see AddressSpace#accessor()
 */
public final class Accessor extends MemoryAccess implements AutoCloseable {

    private final TranslationCache cache = new TranslationCache();
    private final WriterSlot slot = new WriterSlot();
    private final Space space;
    private final PageTable table;
    private final SpaceState state;
    private final FaultPath faultPath;
    private final FirstWrite firstWrite;
    private final FrameCache frames;
    private final TranslationVersion translations;
    private final Thread owner = Thread.currentThread();

    /** The version of the space at which the translations in the cache are valid. */
    private long version;
    private boolean writer;
    private boolean closed;

    /** True once all that it held is given back. */
    private boolean ended;

    /** The places for pins that take no lock; null until this has pinned. */
    private @Nullable AccessorPins pinPlaces;

    /** What this holds of the space; null while it holds nothing. */
    private @Nullable WatchedAccessor held;

    /** Keeps the space reachable while this is: an unreachable space is closed as forgotten. */
    private final AddressSpace handle;

    Accessor(AddressSpace handle) {
        super(handle.inner().table().memory());
        this.handle = handle;
        this.space = handle.inner();
        this.table = space.table();
        this.state = space.state();
        this.faultPath = space.machine().faultPath();
        this.translations = table.translations();
        this.frames = space.machine().pools().newFrameCache();
        this.firstWrite = faultPath.firstWrite(state, frames, new OwnSlot(slot));
        this.version = translations.version();
        table.root(); // refuses a closed space
    }

    /**
     * Returns the space that this was opened on. Any thread may ask.
     *
     * @return the space, which may be closed
     */
    public AddressSpace space() {
        return handle;
    }

    @Override
    Space inner() {
        return space;
    }

    @Override
    long translationVersion() {
        return version;
    }

    @Override
    boolean isStill(long seen) {
        if (translations.isStill(seen)) {
            return true;
        }
        refresh();
        return false;
    }

    @Override
    long word(long address, long wanted) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        long offset = cache.find(address);
        if (offset != TranslationCache.MISS) {
            long value = memory.getLong(offset);
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            if (translations.isStill(version)) {
                return value;
            }
        }
        return SlowPath.read(this, wanted);
    }

    @Override
    long locate(long address) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        long offset = cache.find(address);
        return offset != TranslationCache.MISS ? offset : locateSlowly(address);
    }

    @Override
    long currentVersion() {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (!translations.isStill(version)) {
            refresh();
        }
        return version;
    }

    @Override
    long offset(long address) {
        long offset = cache.find(address);
        return offset != TranslationCache.MISS ? offset : SlowPath.locate(this, address);
    }

    @Override
    boolean isOwn(long address) {
        return cache.findWritable(address) != TranslationCache.MISS || table.offsetForWrite(address) >= 0
                || state.lineage().isAlone();
    }

    @Override
    void locateAll(long[] addresses, long[] offsets) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        int done = cache.findAll(addresses, offsets, 0);
        while (done < offsets.length) {
            offsets[done] = locate(aligned(addresses[done], Long.BYTES));
            done = cache.findAll(addresses, offsets, done + 1);
        }
    }

    @Override
    long enterWrite(long address) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        long offset = tryEnterWrite(address);
        return offset != TranslationCache.MISS ? offset : SlowPath.enterWrite(this, address);
    }

    /**
     * Begins a write if the page can be written at once. Otherwise leaves the slot and returns
     * {@link TranslationCache#MISS}.
     */
    private long tryEnterWrite(long address) {
        // STEP(write 1)
        slot.enter();
        try {
            long offset = cache.findWritable(address);
            // STEP(write 2); the caller stores, STEP(write 3)
            if (offset != TranslationCache.MISS && translations.isStill(version)) {
                return offset;
            }
        } catch (Throwable full) { // of the stack
            slot.exit();
            throw full;
        }
        slot.exit();
        return TranslationCache.MISS;
    }

    @Override
    long enterWrites(WritePages pages) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (tryEnterWrites(pages)) {
            return 0;
        }
        refresh(); // it may have been the version alone: other threads change it with each of their first writes
        if (!tryEnterWrites(pages)) {
            StackRoom.require();
            registerWriter();
            try {
                firstWrite.makeAllWritable(pages, () -> {
                    refresh();
                    for (int i = 0; i < pages.count(); i++) {
                        cache.keepWritable(pages.address(i), pages.offset(i));
                    }
                    slot.arm(version); // under the lock: nobody waits for writers until the slot is entered
                    slot.enter(); // last, so that nothing fails inside
                });
            } catch (Throwable failed) {
                slot.arm(version);
                throw failed;
            }
        }
        return 0;
    }

    private boolean tryEnterWrites(WritePages pages) {
        slot.enter();
        boolean isEntered = false;
        try {
            isEntered = findAllWritable(pages);
        } finally {
            if (!isEntered) {
                slot.exit();
            }
        }
        return isEntered;
    }

    private boolean findAllWritable(WritePages pages) {
        for (int i = 0; i < pages.count(); i++) {
            long offset = cache.findWritable(Geometry.pageStart(pages.address(i)));
            if (offset == TranslationCache.MISS) {
                return false;
            }
            pages.setOffset(i, offset);
        }
        return translations.isStill(version);
    }

    @Override
    void exitWrite(long entered) {
        // STEP(write 4)
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
        table.permissions().checkAllMapped(address, sizeBytes);
    }

    @Override
    Space spaceOfRange() {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        if (closed) {
            throw closed();
        }
        return space;
    }

    /**
     * Pins a range for this thread, as {@link AddressSpace#pin} does for any. Only this thread may use the pin and its
     * segments.
     * <p>
     * Lock-free for a short-term pin within one page that this accessor has pinned or written before, up to eight of
     * them at once; and without garbage if the compiler sees that the pin does not leave the method. Any other pin, and
     * each with leak tracking, may wait as a pin of the space does.
     * <p>
     * As there, a read-only pin of a shared page copies the page, and without native access the pin is granted but
     * {@link Pin#segments()} throws.
     *
     * @param address any; need not be aligned
     * @param sizeBytes 1 or more, less than 8 TiB; every page that the range touches is pinned
     * @param term how long you mean to hold the pin
     * @param access what you mean to do through the pin
     * @return the pin, to be closed by this thread
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
     * @throws ClosedException after close of the accessor or the space
     * @throws WrongThreadException if the caller is not the thread that opened this
     * @see AddressSpace#pin
     */
    public Pin pin(long address, long sizeBytes, PinTerm term, PinAccess access) {
        if (!Ownership.isCurrent(owner)) {
            throw wrongThread();
        }
        Objects.requireNonNull(access, "access");
        PinRecord pinned = isShortInPage(address, sizeBytes, term) ? tryPin(address, access) : null;
        if (pinned == null) {
            pinned = SlowPath.pin(this, address, sizeBytes, term, access);
        }
        int use = pinned.use();
        try {
            return new Pin(pinned, address, sizeBytes, term, access, null, this);
        } catch (OutOfMemoryError | StackOverflowError failed) {
            giveBack(pinned, use);
            throw failed;
        }
    }

    /** Ends a pin that no caller has got yet. Does not use the slow path, whose handle may need memory. */
    private void giveBack(PinRecord pinned, int use) {
        if (pinned.home() == null) {
            space.pins().unpin(pinned, use);
        } else {
            unpin(pinned, use);
        }
    }

    private static boolean isShortInPage(long address, long sizeBytes, PinTerm term) {
        return term == PinTerm.SHORT
                && Long.compareUnsigned(sizeBytes - 1, Geometry.PAGE_BYTES - Geometry.pageOffset(address)) < 0;
    }

    /** Pins a page that can be written at once; null if the pin needs the lock of the space. */
    private @Nullable PinRecord tryPin(long address, PinAccess access) {
        AccessorPins places = pinPlaces;
        if (places == null) {
            return null;
        }
        // STEP(pin by an accessor 1)
        slot.enter();
        try {
            long offset = cache.findWritable(address);
            return offset != TranslationCache.MISS && translations.isStill(version)
                    ? places.pin(address, offset, access) : null;
        } finally {
            // STEP(pin by an accessor 3)
            slot.exit();
        }
    }

    /**
     * Ends a pin of this thread, or of a thread that has ended.
     *
     * @return false if the pin was ended before
     */
    boolean unpin(PinRecord pinned, int use) {
        if (!Ownership.isCurrent(owner)) {
            return unpinOfEnded(pinned, use);
        }
        AccessorPins places = pinned.home();
        if (places == null) {
            return SlowPath.unpin(space.pins(), pinned, use);
        }
        if (!pinned.isOpen(use)) {
            return false;
        }
        if (!closed && !translations.isStill(version)) {
            refresh(); // arms the slot: otherwise a thread that waits for writers could take this one for idle
        }
        slot.enter();
        try {
            places.unpin(pinned);
        } finally {
            slot.exit();
        }
        if (space.isClosed()) {
            space.pins().noteUnpinnedAfterClose();
        }
        return true;
    }

    private boolean unpinOfEnded(PinRecord pinned, int use) {
        WatchedAccessor its = held;
        if (!Ownership.hasEnded(owner)) {
            throw Ownership.violation("a pin of " + space.describeName(), owner);
        }
        if (its != null) {
            its.handOverPins();
        }
        return space.pins().unpin(pinned, use);
    }

    /** Throws for any thread but the owner, unless the owner has ended. */
    void checkMayClose(String what) {
        if (!Ownership.mayClose(owner)) {
            throw Ownership.violation(what + " of " + space.describeName(), owner);
        }
    }

    /** Throws for any thread but the owner. */
    void checkOwner(String what) {
        if (!Ownership.isCurrent(owner)) {
            throw Ownership.violation(what + " of " + space.describeName(), owner);
        }
    }

    /**
     * Closes the accessor. The space stays open, and so do the pins: each has its own close.
     * <p>
     * Closing a closed accessor has no effect. If a close throws an Error, all that can be done with the accessor is to
     * close it again. Once the owner has ended any thread may close it. If it becomes unreachable while it is open,
     * what it held is given back with its pins, and the log reports it.
     *
     * @throws WrongThreadException if the caller is another thread and the owner has not ended; the accessor stays open
     */
    @Override
    public void close() {
        if (!Ownership.mayClose(owner)) {
            throw wrongThread();
        }
        if (!ended) {
            StackRoom.require();
            closed = true; // before: nobody waits for the writes of one that has begun to give back what it held
            cache.release();
            WatchedAccessor its = held;
            if (its != null) {
                its.close();
            }
            ended = true;
        }
    }

    // ---- slow paths

    /** The slow path of {@link #locate}: the translation is not in the cache. */
    long locateSlowly(long address) {
        refresh();
        long offset = faultPath.offsetForRead(state, address);
        if (!faultPath.isZero(offset)) { // else the first write would have to invalidate it
            cache.keep(address, Geometry.pageStart(offset));
        }
        return offset;
    }

    /** The slow path of {@link #word}: the translation is not in the cache, or was invalidated. */
    long wordSlowly(long wanted) {
        while (true) {
            // STEP(read 1): locateSlowly loads the version before it looks; STEP(read 4): the bytes
            long value = memory.getLong(locateSlowly(wanted) & -Long.BYTES);
            // ORDER(translation-invalidated) fence: the data was loaded before the version is looked at again.
            VarHandle.loadLoadFence();
            // STEP(read 5)
            if (translations.isStill(version)) {
                return value;
            }
        }
    }

    /** The slow path of {@link #pin}: a pin that needs the lock, or a page that was not prepared yet. */
    PinRecord pinSlowly(long address, long sizeBytes, PinTerm term, PinAccess access) {
        StackRoom.require();
        if (closed) {
            throw closed();
        }
        if (isShortInPage(address, sizeBytes, term) && preparePin(address)) {
            PinRecord pinned = tryPin(address, access);
            if (pinned != null) {
                return pinned;
            }
        }
        WatchedAccessor its = hold(); // before the pin: there may be no memory for it
        PinRecord pinned = handle.pinPages(address, sizeBytes, term, access);
        pinned.watchedWith(its);
        return pinned;
    }

    /** Prepares a page for pins without the lock; false if such a pin is not possible. */
    private boolean preparePin(long address) {
        refresh();
        long offset = table.offsetForWrite(address);
        if (offset < 0 || space.machine().policies().leakTracking()) {
            return false;
        }
        registerWriter();
        if (pinPlaces == null) {
            pinPlaces = hold().newPinPlaces();
        }
        cache.keepWritable(address, Geometry.pageStart(offset));
        return true;
    }

    /** The slow path of {@link #enterWrite}: makes the page writable, and tries again until it is so in the slot. */
    long enterWriteSlowly(long address) {
        while (true) {
            long frame = makeWritable(address);
            // STEP(write 1)
            slot.enter();
            // STEP(first write 8); the caller stores, STEP(write 3)
            if (firstWrite.isStillWritable()) {
                return frame + Geometry.pageOffset(address);
            }
            slot.exit();
        }
    }

    private long makeWritable(long address) {
        StackRoom.require();
        if (closed) {
            throw closed();
        }
        registerWriter();
        try {
            long frame = firstWrite.makeWritable(address);
            moveOn(firstWrite.version());
            cache.keepWritable(address, frame);
            return frame;
        } finally {
            slot.arm(version);
        }
    }

    /** Registers the slot with the first write, so that a fork need not wait for accessors that only read. */
    private void registerWriter() {
        if (!writer) {
            hold();
            table.addWriter(slot, owner);
            slot.arm(version);
            writer = true;
        }
    }

    /** Returns the record of what this holds; it is given back when nobody can reach this any more. */
    private WatchedAccessor hold() {
        WatchedAccessor its = held;
        if (its == null) {
            its = new WatchedAccessor(this, space.pins(), slot, frames);
            held = its;
        }
        return its;
    }

    /** Forgets the translations that were invalidated since the last time. */
    private void refresh() {
        if (closed) {
            throw closed();
        }
        moveOn(translations.version());
        if (slot.isArmed()) {
            slot.arm(version);
        }
    }

    /** Forgets the translations that were invalidated up to a version. */
    private void moveOn(long to) {
        if (to != version) {
            translations.apply(cache, version, to);
            version = to;
        }
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
