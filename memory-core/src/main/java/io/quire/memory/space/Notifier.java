package io.quire.memory.space;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.Invalidation;
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
final class Notifier {

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

    List<Mirror> mirrors() {
        return List.of(mirrors);
    }

    /** Whether a device may think that a page reads as zeros, so that its first write is news. */
    boolean mapsZero(long page) {
        for (Mirror mirror : mirrors) {
            if (mirror.mapsZero(page)) {
                return true;
            }
        }
        return false;
    }

    /** Opens a window over one page. */
    Window start(InvalidationKind kind, long page) {
        return start(kind, page, page + Geometry.PAGE_BYTES);
    }

    /** Opens a window, waiting for devices that are in the middle of an access. */
    Window start(InvalidationKind kind, long start, long end) {
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
    @Nullable Window start(InvalidationKind kind, long start, long end, @Nullable DriverLink owner, boolean mayBlock) {
        Window window = begin(kind, start, end, owner, mayBlock, List.of());
        return window.awaitOpen() ? window : null;
    }

    /**
     * Begins to open a window, as {@link #start(InvalidationKind, long, long, DriverLink, boolean)} does; it is there
     * when {@link Window#awaitOpen} says so.
     *
     * @param earlier windows over the same pages, and perhaps more: what a device was told by one of them, and has
     *        asked for no translation since, it is not told again
     */
    Window begin(InvalidationKind kind, long start, long end, @Nullable DriverLink owner, boolean mayBlock,
            List<Window> earlier) {
        if (mirrors.length == 0) {
            return Window.NONE;
        }
        Window window = new Window(mayBlock, mirrors.length);
        boolean begun = false;
        try {
            for (Mirror mirror : mirrors) {
                boolean own = kind == InvalidationKind.EXCLUSIVE && owner != null && mirror.link().id() == owner.id();
                if (!own && mirror.isConcerned(kind) && earlier.stream().noneMatch(one -> one.covers(mirror))) {
                    window.starting.add(mirror.beginStart(kind, start, end, owner == null ? 0 : owner.id(), mayBlock));
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
    static final class Window implements AutoCloseable {

        static final Window NONE = new Window(true, 0);

        /** @param answers how many translations the device had been given by then */
        private record Told(Mirror mirror, Invalidation invalidation, long answers) {
        }

        private final boolean mayBlock;
        private final List<Mirror.Starting> starting;
        private final List<Told> told;
        private final List<Mirror.News> endings;
        private boolean ended;

        /** @param most how many devices may have to be told; there is room for them before the first one is */
        private Window(boolean mayBlock, int most) {
            this.mayBlock = mayBlock;
            this.starting = new ArrayList<>(most);
            this.told = new ArrayList<>(most);
            this.endings = new ArrayList<>(most);
        }

        /**
         * Waits until every device has answered.
         *
         * @return false if a driver would have to wait and may not; nothing is open then
         * @throws DriverFailedException if a driver failed; nothing is open then
         */
        boolean awaitOpen() {
            if (starting.isEmpty()) {
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
            while (!starting.isEmpty()) {
                try {
                    granted &= awaitGranted(starting.removeFirst());
                } catch (DriverFailedException failed) {
                    failure = failure == null ? failed : failure; // the others are waited for all the same
                }
            }
            if (failure != null) {
                throw failure;
            }
            return granted;
        }

        private boolean awaitGranted(Mirror.Starting one) {
            Invalidation started = one.await();
            if (started != null) {
                told.add(new Told(one.mirror(), started, one.mirror().answers()));
                return true;
            }
            if (mayBlock) {
                throw new DriverFailedException(one.mirror().link().name(), "invalidate " + one.invalidation().kind(),
                        DriverFailedException.NO_CODE, "it refused an invalidation that may wait", null);
            }
            return false;
        }

        /** Whether a device has no translation of the pages: it was told, and was given none of any page since. */
        private boolean covers(Mirror mirror) {
            for (Told one : told) {
                if (one.mirror == mirror && one.answers == mirror.answers()) {
                    return true;
                }
            }
            return false;
        }

        /** Begins to tell all that the change is made; {@link #close} waits until they know. */
        void end() {
            awaitUnanswered();
            if (told.isEmpty() || ended) {
                return; // NONE is shared by all threads: not even marked
            }
            ended = true;
            for (Told one : told) {
                endings.add(one.mirror.beginEnd(one.invalidation));
            }
        }

        /** What was begun and is not wanted any more: a device that grants it has to hear of the end. */
        private void awaitUnanswered() {
            while (!starting.isEmpty()) {
                Mirror.Starting one = starting.removeFirst();
                try {
                    awaitGranted(one);
                } catch (DriverFailedException failed) {
                    one.mirror().notTaken("invalidation", failed);
                }
            }
        }

        /** Ends all. The change is made, so a driver that fails now fails nothing but itself. */
        @Override
        public void close() {
            if (this == NONE) {
                return; // without a single allocation, which could fail
            }
            end();
            endings.forEach(Mirror.News::await);
            if (!endings.isEmpty()) {
                endings.clear();
            }
        }
    }
}
