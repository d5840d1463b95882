package io.quire.memory.attach;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.table.Geometry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Tells the devices that mirror one space what is about to happen to it, as Linux' MMU notifiers do. A window is opened
 * before a table changes, and closed afterwards. Both happen under the lock of the space. Device faults take that lock
 * too, so no device gets a translation in between.
 */
public final class Notifier {

    private static final List<Window> NONE_EARLIER = List.of(); // made once: to end a space must not take memory

    private Mirror[] mirrors = {};

    /** Returns the mirrors and one more, for {@link #set}. */
    Mirror[] with(Mirror mirror) {
        Mirror[] more = Arrays.copyOf(mirrors, mirrors.length + 1);
        more[mirrors.length] = mirror;
        return more;
    }

    /** Returns the mirrors without one of them, for {@link #set}. */
    Mirror[] without(Mirror mirror) {
        return Arrays.stream(mirrors).filter(other -> other != mirror).toArray(Mirror[]::new);
    }

    /** Sets the mirrors that are told from now on. */
    void set(Mirror[] told) {
        mirrors = told;
    }

    /** True if there is any mirror. */
    public boolean isTold() {
        return mirrors.length > 0;
    }

    public List<Mirror> mirrors() {
        return List.of(mirrors);
    }

    /** True if a device may take a page for zeros, so that it has to hear of the first write. */
    public boolean mapsZero(long page) {
        for (Mirror mirror : mirrors) {
            if (mirror.mappedPages().hasZero(page)) {
                return true;
            }
        }
        return false;
    }

    /** Opens a window over one page. */
    public Window start(InvalidationKind kind, long page) {
        return start(kind, page, page + Geometry.PAGE_BYTES);
    }

    /** Opens a window, and waits for devices that are in the middle of an access. */
    public Window start(InvalidationKind kind, long start, long end) {
        return Objects.requireNonNull(start(kind, start, end, null, true), "only who may not wait may refuse");
    }

    /**
     * Opens a window.
     *
     * @param owner the device that causes the change, or null; if it takes pages as exclusive, it is not told itself
     * @param mayBlock true if drivers may wait for accesses in progress
     * @return null if a driver would have to wait and may not; then nothing is open
     * @throws DriverFailedException if a driver failed; then nothing is open
     */
    public @Nullable Window start(InvalidationKind kind, long start, long end, @Nullable ManagedDevice owner,
            boolean mayBlock) {
        Window window = begin(kind, start, end, owner, mayBlock, NONE_EARLIER);
        return window.awaitOpen() ? window : null;
    }

    /**
     * Begins to open a window; it is open when {@link Window#awaitOpen} returns true. Otherwise as
     * {@link #start(InvalidationKind, long, long, ManagedDevice, boolean)}.
     *
     * @param earlier windows over these pages, and perhaps more. A device that was told by one of them, and got no
     *        translation since, is not told again
     */
    public Window begin(InvalidationKind kind, long start, long end, @Nullable ManagedDevice owner, boolean mayBlock,
            List<Window> earlier) {
        if (mirrors.length == 0) {
            return Window.NONE;
        }
        Window window = new Window(mayBlock, mirrors.length);
        boolean begun = false;
        try {
            for (Mirror mirror : mirrors) {
                boolean own = kind == InvalidationKind.EXCLUSIVE && owner != null && mirror.device().id() == owner.id();
                if (!own && mirror.mappedPages().areConcerned(kind)
                        && earlier.stream().noneMatch(one -> one.covers(mirror))) {
                    window.begin(
                            mirror.announcements().prepare(kind, start, end, owner == null ? 0 : owner.id(), mayBlock));
                }
            }
            begun = true;
            return window;
        } finally {
            if (!begun) {
                window.close();
            }
        }
    }

    /** Invalidations that are announced and not ended yet, one for each device. */
    public static final class Window implements AutoCloseable {

        public static final Window NONE = new Window(true, 0);

        private final boolean mayBlock;
        private final List<Announcement> announced;
        private boolean ended;

        /** @param most the largest number of devices that may have to be told */
        private Window(boolean mayBlock, int most) {
            this.mayBlock = mayBlock;
            this.announced = new ArrayList<>(most);
        }

        private void begin(Announcement one) {
            announced.add(one); // first: whatever fails, an announcement that was begun is in the list
            one.begin();
        }

        /**
         * Waits until every device has answered.
         *
         * @return false if a driver would have to wait and may not; then nothing is open
         * @throws DriverFailedException if a driver failed; then nothing is open
         */
        public boolean awaitOpen() {
            if (announced.isEmpty()) {
                return true;
            }
            boolean open = false;
            try {
                open = awaitAllGranted();
            } finally {
                if (!open) {
                    close();
                }
            }
            return open;
        }

        private boolean awaitAllGranted() {
            boolean granted = true;
            DriverFailedException failure = null;
            for (int i = 0; i < announced.size(); i++) {
                try {
                    granted &= awaitGranted(announced.get(i));
                } catch (DriverFailedException failed) {
                    failure = failure == null ? failed : failure; // waits for the others all the same
                }
            }
            if (failure != null) {
                throw failure;
            }
            return granted;
        }

        private boolean awaitGranted(Announcement one) {
            boolean granted = one.awaitGranted();
            if (!granted && mayBlock) {
                throw new DriverFailedException(one.mirror().device().name(), "invalidate " + one.invalidation().kind(),
                        DriverFailedException.NO_CODE, "it refused an invalidation that may wait", null);
            }
            return granted;
        }

        /** True if a device has no translation of the pages: it was told, and was given no translation since. */
        private boolean covers(Mirror mirror) {
            return announced.stream().anyMatch(one -> one.covers(mirror));
        }

        /**
         * Begins to tell all devices that the change is made; {@link #awaitEnd} waits until they know. Throws nothing:
         * if an Error keeps a device from being told, it is told later.
         */
        public void end() {
            if (announced.isEmpty() || ended) {
                return; // all threads share NONE: it must not be written
            }
            ended = true;
            for (int i = 0; i < announced.size(); i++) {
                announced.get(i).close();
            }
        }

        /** Waits until all devices know, or an Error ends the wait. Needs no lock. */
        public void awaitEnd() {
            try {
                for (int i = 0; i < announced.size(); i++) {
                    announced.get(i).awaitEnd();
                }
            } catch (Throwable late) {
                return; // they get to know all the same, before they hear of anything else
            }
        }

        /** Ends the window, and waits until all devices know. If a driver fails now, nothing else fails. */
        @Override
        public void close() {
            end();
            awaitEnd();
        }
    }
}
