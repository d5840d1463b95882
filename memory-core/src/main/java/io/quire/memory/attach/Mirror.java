package io.quire.memory.attach;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * One space as one device sees it: from attach to detach. The driver asks it for translations.
 * {@link MappedPages} is what the device may have mapped, {@link Announcements} is what it was told. Under the lock of
 * the space, except for the calls of the driver.
 */
public final class Mirror implements DeviceMirror {

    private static final int PAGES_MAX = 1 << 16;

    /** How many pages a fault resolves before it gives up the lock once. */
    private static final int PAGES_PER_TURN = 256;

    private final MirroredSpace space;
    private final PageTable table;
    private final ManagedDevice device;
    private final long id;

    private final MappedPages mapped = new MappedPages();
    private final Announcements announcements = new Announcements(this);
    private volatile boolean closed;

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
        boolean frozen = false;
        boolean attached = false;
        space.table().lock();
        try {
            space.table().root();
            if (space.notifier().mirrors().stream().anyMatch(other -> other.device == device)) {
                throw new IllegalStateException(
                        "the device is attached already: space=" + space.table().name() + ", device="
                                + device.name());
            }
            space.table().freeze(); // a device hears of every change before it is made, so each takes the lock
            frozen = true;
            Mirror[] withIt = space.notifier().with(mirror); // before the driver knows: afterwards nothing may fail
            device.add(mirror);
            device.checkOpen(); // a thread that closes it meanwhile finds the mirror, or is noticed here
            // Under the lock: when the first fault of the device is answered, it is told of every change already.
            device.calls().run("attach", () -> device.driver().attached(mirror));
            space.notifier().set(withIt);
            attached = true;
            return mirror;
        } finally {
            if (!attached) {
                mirror.closed = true;
                device.remove(mirror);
                if (frozen) {
                    space.table().thaw();
                }
            }
            space.table().unlock();
        }
    }

    /** Detaches the device. A second call has no effect. A lost device is not asked. */
    public void detach() {
        DeviceNews end;
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
            table.thaw();
        } finally {
            table.unlock();
        }
        end.await();
    }

    private void release() {
        Announcement release = announcements.prepare(InvalidationKind.RELEASE, 0, Long.MAX_VALUE, 0, true);
        try {
            release.begin();
            release.awaitGranted();
        } finally {
            release.close();
            release.awaitEnd();
        }
    }

    /** Prepares the last call of the driver about this mirror, for {@link #close}. If it fails, nothing else fails. */
    public DeviceNews farewell() {
        announcements.endWhatWasLeft();
        return new DeviceNews(device, "detach", () -> device.driver().detached(this));
    }

    /**
     * Ends the mirror: it answers nothing any more, and the last call of the driver begins. Under the lock of the
     * space, and once. A thread that closes the device comes after this even if it finds the mirror closed. Allocates
     * nothing.
     */
    public void close(DeviceNews farewell) {
        announcements.endWhatWasLeft();
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
     * Begins to tell the device that it may map pages that have arrived. They stay even if the call fails.
     *
     * @param arrived returns the translations; called on the driver's thread
     */
    public DeviceNews tellMapped(Supplier<Translations> arrived) {
        return beginTell("map what has arrived", () -> {
            if (!closed) { // detached() is called on this thread too, so this never comes after it
                device.driver().mapped(this, arrived.get());
            }
        });
    }

    /** True if the device has used its translation of a page since the last call. */
    public boolean testAndClearAccessed(long address) {
        // As above: on the driver's thread nothing about a mirror comes after detached().
        return device.calls().call("look for use",
                () -> !closed && device.driver().testAndClearAccessed(this, address));
    }

    /** Begins to tell the device of something that has happened: if the driver fails, nothing else fails. */
    private DeviceNews beginTell(String operation, Runnable news) {
        DeviceNews told = new DeviceNews(device, operation, news);
        told.begin();
        return told;
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
                device.calls().checkAnswers("fault"); // a lost device does not hear when the answer becomes wrong
                announcements.endWhatWasLeft();
                overtaken |= !translations.isEmpty() && announcements.sequence() != seen;
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
                // Pages that this fault itself has invalidated were looked up afterwards. If another thread invalidated
                // something between two turns, the old sequence makes the driver ask again.
                seen = overtaken ? seen : announcements.sequence();
            } finally {
                table.unlock();
            }
            if (away >= 0) {
                // Atomic access needs memory that the processor and all devices can reach.
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

    /** Returns what the device can know of a page: one that it cannot reach without a fault is empty to it. */
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

    // ---- under the lock

    /** What the device may have mapped. */
    public MappedPages mappedPages() {
        return mapped;
    }

    Announcements announcements() {
        return announcements;
    }

    /** The device has given up what an invalidation asked for. */
    void granted(Invalidation invalidation) {
        space.events().invalidated();
        mapped.remove(invalidation);
    }

    public boolean isClosed() {
        return closed;
    }

    @Override
    public String toString() {
        return "Mirror[" + table.describeName() + " on " + device.name() + (closed ? ", closed" : "") + "]";
    }
}
