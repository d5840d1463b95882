package io.quire.memory.space;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.driver.DriverCalls;
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

    /** Opens a window that has nothing to do with others; see below. */
    @Nullable Window start(InvalidationKind kind, long start, long end, @Nullable DriverLink owner, boolean mayBlock) {
        return start(kind, start, end, owner, mayBlock, List.of());
    }

    /**
     * Opens a window.
     *
     * @param owner the device on whose behalf it is, or null; one that takes pages as exclusive is not told itself
     * @param mayBlock whether drivers may wait for accesses in progress
     * @param earlier windows over the same pages, and perhaps more: what a device was told by one of them, and has
     *        asked for no translation since, it is not told again
     * @return null if a driver would have to wait and may not; nothing is open then
     * @throws DriverFailedException if a driver failed; nothing is open then
     */
    @Nullable Window start(InvalidationKind kind, long start, long end, @Nullable DriverLink owner, boolean mayBlock,
            List<Window> earlier) {
        if (mirrors.length == 0) {
            return Window.NONE;
        }
        Window window = new Window();
        try {
            for (Mirror mirror : mirrors) {
                boolean own = kind == InvalidationKind.EXCLUSIVE && owner != null && mirror.link().id() == owner.id();
                if (own || !mirror.isConcerned(kind) || earlier.stream().anyMatch(one -> one.covers(mirror))) {
                    continue;
                }
                Invalidation started = mirror.start(kind, start, end, owner == null ? 0 : owner.id(), mayBlock);
                if (started == null) {
                    window.close();
                    if (mayBlock) {
                        throw new DriverFailedException(mirror.link().name(), "invalidate " + kind,
                                DriverFailedException.NO_CODE, "it refused an invalidation that may wait", null);
                    }
                    return null;
                }
                window.add(mirror, started);
            }
        } catch (RuntimeException failed) {
            window.close();
            throw failed;
        }
        return window;
    }

    /** What was announced and not ended yet. */
    static final class Window implements AutoCloseable {

        static final Window NONE = new Window();

        /** @param answers how many translations the device had been given by then */
        private record Told(Mirror mirror, Invalidation invalidation, long answers) {
        }

        private record Ending(Mirror mirror, DriverCalls.@Nullable Pending<?> call) {
        }

        private final List<Told> told = new ArrayList<>(0);
        private final List<Ending> endings = new ArrayList<>(0);
        private boolean ended;

        private void add(Mirror mirror, Invalidation invalidation) {
            told.add(new Told(mirror, invalidation, mirror.answers()));
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
            if (told.isEmpty() || ended) {
                return; // NONE is shared by all threads: not even marked
            }
            ended = true;
            for (Told one : told) {
                endings.add(new Ending(one.mirror, one.mirror.beginEnd(one.invalidation)));
            }
        }

        /** Ends all. The change is made, so a driver that fails now fails nothing but itself. */
        @Override
        public void close() {
            end();
            for (Ending ending : endings) {
                ending.mirror.awaitEnd(ending.call);
            }
            if (!endings.isEmpty()) {
                endings.clear();
            }
        }
    }
}
