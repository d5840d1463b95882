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

    void add(Mirror mirror) {
        mirrors = Arrays.copyOf(mirrors, mirrors.length + 1);
        mirrors[mirrors.length - 1] = mirror;
    }

    void remove(Mirror mirror) {
        mirrors = Arrays.stream(mirrors).filter(other -> other.id() != mirror.id()).toArray(Mirror[]::new);
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
        Window window = new Window(mayBlock);
        try {
            for (Mirror mirror : mirrors) {
                boolean own = kind == InvalidationKind.EXCLUSIVE && owner != null && mirror.link().id() == owner.id();
                if (!own && mirror.isConcerned(kind) && earlier.stream().noneMatch(one -> one.covers(mirror))) {
                    window.starting.add(mirror.beginStart(kind, start, end, owner == null ? 0 : owner.id(), mayBlock));
                }
            }
        } catch (RuntimeException failed) {
            window.close();
            throw failed;
        }
        return window;
    }

    /** What is announced and not ended yet. */
    static final class Window implements AutoCloseable {

        static final Window NONE = new Window(true);

        /** @param answers how many translations the device had been given by then */
        private record Told(Mirror mirror, Invalidation invalidation, long answers) {
        }

        private final boolean mayBlock;
        private final List<Mirror.Starting> starting = new ArrayList<>(0);
        private final List<Told> told = new ArrayList<>(0);
        private final List<Mirror.News> endings = new ArrayList<>(0);
        private boolean ended;

        private Window(boolean mayBlock) {
            this.mayBlock = mayBlock;
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
            boolean granted = true;
            DriverFailedException failure = null;
            for (Mirror.Starting one : starting) {
                try {
                    granted &= awaitGranted(one);
                } catch (DriverFailedException failed) {
                    failure = failure == null ? failed : failure; // the others are waited for all the same
                }
            }
            starting.clear();
            if (granted && failure == null) {
                return true;
            }
            close();
            if (failure != null) {
                throw failure;
            }
            return false;
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
            for (Mirror.Starting one : starting) {
                try {
                    awaitGranted(one);
                } catch (DriverFailedException failed) {
                    one.mirror().notTaken("invalidation", failed);
                }
            }
            if (!starting.isEmpty()) {
                starting.clear();
            }
        }

        /** Ends all. The change is made, so a driver that fails now fails nothing but itself. */
        @Override
        public void close() {
            end();
            endings.forEach(Mirror.News::await);
            if (!endings.isEmpty()) {
                endings.clear();
            }
        }
    }
}
