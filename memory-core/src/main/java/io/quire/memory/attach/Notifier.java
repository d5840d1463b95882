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
 * Tells the devices that mirror one space what is about to happen to it. A window is opened before a table changes and
 * closed after; both under the lock of the space, which device faults take, so no device gets a translation in between.
 * (After Linux' MMU notifiers.)
 */
public final class Notifier {

    private static final List<Window> NONE_EARLIER = List.of(); // to end a space takes no memory

    private Mirror[] mirrors = {};

    /** The mirrors and one more, for {@link #set}. */
    Mirror[] with(Mirror mirror) {
        Mirror[] more = Arrays.copyOf(mirrors, mirrors.length + 1);
        more[mirrors.length] = mirror;
        return more;
    }

    /** The mirrors but one, for {@link #set}. */
    Mirror[] without(Mirror mirror) {
        return Arrays.stream(mirrors).filter(other -> other != mirror).toArray(Mirror[]::new);
    }

    /** These are told from now on. */
    void set(Mirror[] told) {
        mirrors = told;
    }

    /** Whether there are any. */
    public boolean isTold() {
        return mirrors.length > 0;
    }

    public List<Mirror> mirrors() {
        return List.of(mirrors);
    }

    /** Whether a device may think that a page reads as zeros, so that its first write is news. */
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

    /** Opens a window, waiting for devices that are in the middle of an access. */
    public Window start(InvalidationKind kind, long start, long end) {
        return Objects.requireNonNull(start(kind, start, end, null, true), "only who may not wait may refuse");
    }

    /**
     * Opens a window.
     *
     * @param owner the device on whose behalf it is, or null; one that takes pages as exclusive is not told itself
     * @param mayBlock whether drivers may wait for accesses in progress
     * @return null if a driver would have to wait and may not; nothing is open then
     * @throws DriverFailedException if a driver failed; nothing is open then
     */
    public @Nullable Window start(InvalidationKind kind, long start, long end, @Nullable ManagedDevice owner,
            boolean mayBlock) {
        Window window = begin(kind, start, end, owner, mayBlock, NONE_EARLIER);
        return window.awaitOpen() ? window : null;
    }

    /**
     * Begins to open a window, as {@link #start(InvalidationKind, long, long, ManagedDevice, boolean)} does; it is there
     * when {@link Window#awaitOpen} says so.
     *
     * @param earlier windows over the same pages, and perhaps more: what a device was told by one of them, and has
     *        asked for no translation since, it is not told again
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

    /** What is announced and not ended yet. */
    public static final class Window implements AutoCloseable {

        public static final Window NONE = new Window(true, 0);

        private final boolean mayBlock;
        private final List<Announcement> announced;
        private boolean ended;

        /** @param most how many devices may have to be told */
        private Window(boolean mayBlock, int most) {
            this.mayBlock = mayBlock;
            this.announced = new ArrayList<>(most);
        }

        private void begin(Announcement one) {
            announced.add(one); // before: what was begun is in the list, whatever fails
            one.begin();
        }

        /**
         * Waits until every device has answered.
         *
         * @return false if a driver would have to wait and may not; nothing is open then
         * @throws DriverFailedException if a driver failed; nothing is open then
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
                    failure = failure == null ? failed : failure; // the others are waited for all the same
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

        /** Whether a device has no translation of the pages: it was told, and was given none of any page since. */
        private boolean covers(Mirror mirror) {
            return announced.stream().anyMatch(one -> one.covers(mirror));
        }

        /**
         * Begins to tell all that the change is made; {@link #awaitEnd} waits until they know. The change is made, so
         * nothing is thrown: whom an Error keeps from being told is told later.
         */
        public void end() {
            if (announced.isEmpty() || ended) {
                return; // NONE is shared by all threads: not even marked
            }
            ended = true;
            for (int i = 0; i < announced.size(); i++) {
                announced.get(i).close();
            }
        }

        /** Waits until all know, or an Error ends the wait; needs no lock. */
        public void awaitEnd() {
            try {
                for (int i = 0; i < announced.size(); i++) {
                    announced.get(i).awaitEnd();
                }
            } catch (Throwable late) {
                return; // they get to know all the same, before anything else
            }
        }

        /** Ends all, and waits until they know. A driver that fails now fails nothing but itself. */
        @Override
        public void close() {
            end();
            awaitEnd();
        }
    }
}
