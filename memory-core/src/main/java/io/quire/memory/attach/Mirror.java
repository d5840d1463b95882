package io.quire.memory.attach;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.driver.DriverCall;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.agrona.collections.LongHashSet;
import org.jspecify.annotations.Nullable;

/**
 * One space as one device sees it. Knows what the device may have mapped, so that a device that has mapped nothing is
 * not disturbed. What is written here is written under the lock of the space.
 */
public final class Mirror implements DeviceMirror {

    private static final System.Logger LOGGER = System.getLogger(Mirror.class.getName());

    private static final int PAGES_MAX = 1 << 16;

    /** Faulted in under one stay in the lock. */
    private static final int PAGES_PER_TURN = 256;

    private final MirroredSpace space;
    private final PageTable table;
    private final ManagedDevice device;
    private final long id;

    /** The pages the device was told read as zeros: of them, and of no others, the first write is an invalidation. */
    private LongHashSet zeroPages = new LongHashSet();
    private long sequence;
    private long answers;
    private boolean maps;
    private boolean mapsWritable;
    private volatile boolean closed;

    /** What an Error has kept from being answered, or ended; the first of several. */
    private @Nullable Announcement left;

    private Mirror(MirroredSpace space, ManagedDevice device) {
        this.space = space;
        this.table = space.table();
        this.device = device;
        this.id = space.newMirrorId();
    }

    /**
     * Attaches a device to a space.
     *
     * @throws IllegalStateException if it is attached already
     */
    public static Mirror attach(MirroredSpace space, ManagedDevice device) {
        Mirror mirror = new Mirror(space, device);
        boolean attached = false;
        space.table().lock();
        try {
            space.table().root();
            if (space.notifier().mirrors().stream().anyMatch(other -> other.device == device)) {
                throw new IllegalStateException(
                        "the device is attached already: space=" + space.table().name() + ", device="
                                + device.name());
            }
            Mirror[] withIt = space.notifier().with(mirror); // before the driver knows: nothing may fail after that
            device.add(mirror);
            device.checkOpen(); // whoever closes it meanwhile finds the mirror, or is found out here
            // Under the lock: what the device asks for from now on is answered when it is told of every change.
            device.calls().run("attach", () -> device.driver().attached(mirror));
            space.notifier().set(withIt);
            attached = true;
            return mirror;
        } finally {
            if (!attached) {
                mirror.closed = true;
                device.remove(mirror);
            }
            space.table().unlock();
        }
    }

    /** Detaches the device; again has no effect. A lost device is not asked. */
    public void detach() {
        News end;
        table.lock();
        try {
            if (closed) {
                return; // the thread that closed it has begun to tell the driver before it gave up the lock
            }
            if (!device.calls().isLost()) {
                release();
            }
            Mirror[] others = space.notifier().without(this);
            space.exclusives().restoreAllOf(this);
            end = farewell();
            close(end);
            space.notifier().set(others);
        } finally {
            table.unlock();
        }
        end.await();
    }

    private void release() {
        Announcement release = announce(InvalidationKind.RELEASE, 0, Long.MAX_VALUE, 0, true);
        try {
            release.begin();
            release.awaitGranted();
        } finally {
            release.close();
            release.awaitEnd();
        }
    }

    /** The last that the driver hears of the mirror, for {@link #close}; it fails nothing but itself. */
    public News farewell() {
        endWhatWasLeft();
        return new News("detach", () -> device.driver().detached(this));
    }

    /**
     * The mirror answers no more, and the driver begins to hear the last of it. Under the lock of the space, and once:
     * who closes the device comes after it, also if that one finds the mirror closed. Allocates nothing.
     */
    public void close(News farewell) {
        endWhatWasLeft();
        closed = true; // before: on the driver's thread nobody asks about a mirror after detached()
        boolean begun = false;
        try {
            farewell.begin();
            begun = true;
        } finally {
            closed = begun;
        }
        device.remove(this);
    }

    /**
     * Begins to let the device map pages that have arrived. They have, whatever becomes of the call.
     *
     * @param arrived is asked on the driver's thread
     */
    public News tellMapped(Supplier<Translations> arrived) {
        return beginTell("map what has arrived", () -> {
            if (!closed) { // looked at where detached() is called too, so that this never comes after it
                device.driver().mapped(this, arrived.get());
            }
        });
    }

    /** Whether the device has used its translation of a page since this was asked last. */
    public boolean testAndClearAccessed(long address) {
        // As above: on the driver's thread nobody asks about a mirror after detached().
        return device.calls().call("look for use",
                () -> !closed && device.driver().testAndClearAccessed(this, address));
    }

    /** Begins to tell the device something. It is done, so a driver that fails now fails nothing but itself. */
    private News beginTell(String operation, Runnable news) {
        News told = new News(operation, news);
        told.begin();
        return told;
    }

    /** What a device is told. It is so, so a driver that fails fails nothing but itself. */
    public final class News {

        private final String operation;
        private final DriverCall<?> call;
        private boolean begun;

        News(String operation, Runnable news) {
            this.operation = operation;
            this.call = device.calls().prepareRun(operation, news);
        }

        void begin() {
            try {
                device.calls().begin(call);
                begun = true;
            } catch (DriverFailedException lost) {
                notTaken(operation, lost);
            }
        }

        /** Waits until the device knows; it gets to know also if an Error ends the wait. */
        public void await() {
            if (begun) {
                try {
                    call.awaitMade();
                } catch (DriverFailedException failed) {
                    notTaken(operation, failed);
                }
            }
        }
    }

    /** Notes that a driver has failed at something that fails nothing else. */
    void notTaken(String operation, DriverFailedException failed) {
        // Of a device that is lost all know already, and whoever gave it up wanted it.
        System.Logger.Level level = device.calls().isLost() ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
        LOGGER.log(level, "device " + device.name() + " did not take the news: " + operation, failed);
    }

    /** How many pages are exclusive to the device. */
    public int exclusivePages() {
        table.lock();
        try {
            checkOpen();
            return space.exclusives().count(this);
        } finally {
            table.unlock();
        }
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public String spaceName() {
        return table.name();
    }

    /** The table of the space. */
    public PageTable table() {
        return table;
    }

    public ManagedDevice device() {
        return device;
    }

    // ---- for the device

    @Override
    public Translations fault(long address, int pages, DeviceAccess access) {
        StackRoom.require();
        checkRun(address, pages);
        List<PageTranslation> translations = new ArrayList<>(pages);
        long seen = 0;
        boolean overtaken = false;
        while (translations.size() < pages) {
            long away = -1;
            table.lock();
            try {
                checkOpen();
                endWhatWasLeft();
                overtaken |= !translations.isEmpty() && sequence != seen;
                int end = Math.min(pages, translations.size() + PAGES_PER_TURN);
                while (translations.size() < end && away < 0) {
                    long page = address + ((long) translations.size() << Geometry.PAGE_SHIFT);
                    PageTranslation translation = space.resolve(this, page, access);
                    if (translation == null) {
                        away = page;
                    } else {
                        translations.add(translation);
                    }
                }
                // What this fault has invalidated itself it has looked up since. Where somebody else came between two
                // turns it stays the old one, and the driver asks anew.
                seen = overtaken ? seen : sequence;
            } finally {
                table.unlock();
            }
            if (away >= 0) {
                // Atomic access is to memory that all can reach.
                space.bringHome(away, access == DeviceAccess.ATOMIC ? null : device);
            }
        }
        space.events().deviceFaulted();
        return new Translations(seen, translations);
    }

    @Override
    public List<PageState> snapshot(long address, int pages) {
        checkRun(address, pages);
        checkOpen();
        List<PageState> states = new ArrayList<>(pages);
        for (int i = 0; i < pages; i++) {
            states.add(stateFor(space.stateOf(address + ((long) i << Geometry.PAGE_SHIFT))));
        }
        return states;
    }

    /** What the device can know of a page: what it cannot reach without a fault is as good as empty. */
    private PageState stateFor(PageState state) {
        boolean reachable = switch (state.place()) {
            case EXCLUSIVE -> false;
            case DEVICE_PRIVATE -> state.pool().equals(device.name());
            default -> true;
        };
        return reachable ? state
                : new PageState(state.address(), PageState.Place.EMPTY, "", false, state.pinned());
    }

    private static void checkRun(long address, int pages) {
        if (pages < 1 || pages > PAGES_MAX || Geometry.pageOffset(address) != 0) {
            throw new IllegalArgumentException("a run has 1 to " + PAGES_MAX + " pages and starts at a multiple of "
                    + Geometry.PAGE_BYTES + ": address=0x" + Long.toHexString(address) + ", pages=" + pages);
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new ClosedException("mirror of " + table.describeName() + " on device " + device.name());
        }
    }

    // ---- what the device may have mapped; under the lock

    /** A translation is about to be given to the device. */
    public void mapped(DeviceAccess access) {
        answers++;
        maps = true;
        mapsWritable |= access != DeviceAccess.READ;
    }

    /** How many translations the device was ever given. */
    long answers() {
        return answers;
    }

    /** The device is told that a page reads as zeros. */
    public void mappedZero(long page) {
        // A set of Agrona that finds no memory when it grows by itself fills up, and spins.
        if (zeroPages.size() >= zeroPages.resizeThreshold()) {
            LongHashSet larger = new LongHashSet(2 * zeroPages.capacity(), zeroPages.loadFactor());
            larger.addAll(zeroPages);
            zeroPages = larger;
        }
        mapped(DeviceAccess.READ);
        zeroPages.add(page);
    }

    /** Whether the device may think that a page reads as zeros. */
    boolean mapsZero(long page) {
        return zeroPages.contains(page);
    }

    /** Whether an invalidation can concern the device. */
    boolean isConcerned(InvalidationKind kind) {
        return switch (kind) {
            case RELEASE -> true;
            case PROTECTION_PAGE -> mapsWritable;
            default -> maps;
        };
    }

    long sequence() {
        return sequence;
    }

    /** Prepares to have the device stop using a range. */
    Announcement announce(InvalidationKind kind, long start, long end, int owner, boolean mayBlock) {
        endWhatWasLeft();
        return new Announcement(new Invalidation(kind, start, end, owner, sequence + 1, mayBlock));
    }

    /** What an Error has kept from being ended is ended before anything else is told or asked. */
    private void endWhatWasLeft() {
        while (left != null) {
            Announcement first = left;
            first.awaitUnanswered();
            first.end();
            left = first.next;
        }
    }

    /**
     * An invalidation that one device is told of. All it takes is made before the device hears of it. Whatever Error
     * comes out of a step, the steps that are left can be done later; they are at the latest before the device is told
     * anything else.
     */
    final class Announcement {

        private enum State { PREPARED, BEGUN, GRANTED, ENDED, REFUSED }

        private final Invalidation invalidation;
        private final DriverCall<Boolean> start;
        private final News end;
        private State state = State.PREPARED;
        private long answersBefore;
        private @Nullable Announcement next;

        private Announcement(Invalidation invalidation) {
            this.invalidation = invalidation;
            this.start = device.calls().prepare("invalidate " + invalidation.kind(),
                    () -> device.driver().invalidateStart(Mirror.this, invalidation));
            this.end = new News("end of invalidation", () -> device.driver().invalidateEnd(Mirror.this, invalidation));
        }

        /** Begins to ask the device. */
        void begin() {
            state = State.BEGUN;
            sequence++; // the driver has to keep the same
            boolean begun = false;
            try {
                device.calls().begin(start);
                begun = true;
            } finally {
                if (!begun) {
                    forgetIfNeverMade();
                }
            }
        }

        /** The driver has not seen it, and will not. */
        private void forgetIfNeverMade() {
            if (start.abandon() || start.isAbandoned()) {
                sequence--;
                state = State.REFUSED;
            }
        }

        /**
         * Waits for the answer; under the same stay in the lock as the question.
         *
         * @return false if the driver refused to wait; it hears of no end then
         * @throws DriverFailedException if it failed; it hears of no end then
         */
        boolean awaitGranted() {
            if (state != State.BEGUN) {
                return state == State.GRANTED;
            }
            boolean granted;
            try {
                granted = start.await();
            } catch (DriverFailedException failed) {
                state = State.REFUSED;
                throw failed;
            } catch (Throwable error) {
                forgetIfNeverMade();
                throw error;
            }
            if (granted) {
                state = State.GRANTED;
                answersBefore = answers;
                granted(invalidation);
            } else {
                state = State.REFUSED;
                sequence--; // the driver has not seen it
            }
            return granted;
        }

        /** The same for what is not wanted any more: a device that grants it has to hear of the end. */
        void awaitUnanswered() {
            try {
                awaitGranted();
            } catch (DriverFailedException failed) {
                notTaken("invalidation", failed);
            }
        }

        /** Begins to tell the device that it is over. */
        void end() {
            if (state == State.GRANTED) {
                end.begin();
                state = State.ENDED;
            }
        }

        /** Waits until the device knows. */
        void awaitEnd() {
            end.await();
        }

        /** Begins to end it. Throws nothing: what cannot be done now is done later. */
        void close() {
            try {
                awaitUnanswered();
                end();
            } catch (Throwable later) {
                next = left;
                left = this;
            }
        }

        /** Whether a device knows of this, and was given no translation of any page since. */
        boolean covers(Mirror mirror) {
            return mirror == Mirror.this && (state == State.GRANTED || state == State.ENDED)
                    && answersBefore == answers;
        }

        Mirror mirror() {
            return Mirror.this;
        }

        Invalidation invalidation() {
            return invalidation;
        }
    }

    private void granted(Invalidation invalidation) {
        space.events().invalidated();
        boolean whole = invalidation.start() == 0 && invalidation.end() == Long.MAX_VALUE;
        boolean readsOn = invalidation.kind() == InvalidationKind.PROTECTION_PAGE;
        if (whole) {
            mapsWritable = false;
            maps = readsOn;
        }
        if (!readsOn) {
            forgetZeroPages(invalidation.start(), invalidation.end());
        }
    }

    private void forgetZeroPages(long start, long end) {
        if (zeroPages.isEmpty()) {
            return;
        }
        if ((end - start) >>> Geometry.PAGE_SHIFT > zeroPages.size()) {
            zeroPages.removeIfLong(page -> start <= page && page < end);
        } else {
            for (long page = start; page < end; page += Geometry.PAGE_BYTES) {
                zeroPages.remove(page);
            }
        }
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public String toString() {
        return "Mirror[" + table.describeName() + " on " + device.name() + (closed ? ", closed" : "") + "]";
    }
}
