package io.quire.memory.migrate;

import io.quire.memory.attach.ManagedDevice;
import io.quire.memory.attach.Notifier;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What one phase of a move tells the devices: a window over the moving pages for each space that has a leaf there. One
 * thread.
 */
final class Windows {

    /** Nothing was told. */
    static final Windows NONE = new Windows();

    // Made once: to end something must not take memory.
    private static final Consumer<Notifier.Window> END = Notifier.Window::end;
    private static final Consumer<Notifier.Window> AWAIT_END = Notifier.Window::awaitEnd;
    private static final Consumer<Notifier.Window> CLOSE = Notifier.Window::close;

    private final List<Notifier.Window> windows = new ArrayList<>(1);

    /**
     * Begins to open the windows; {@link #awaitOpen} waits for them.
     *
     * @param owner the device that the pages come from or go to
     * @param earlier what the devices know already: a device that was told there is not told again
     */
    void begin(Batch batch, ReverseMap map, InvalidationKind kind, ManagedDevice owner, Windows earlier) {
        long start = batch.address(LeafPages.first(batch.moving()));
        long end = batch.address(LeafPages.last(batch.moving())) + Geometry.PAGE_BYTES;
        for (SpaceState space : map.spaces()) {
            Notifier.Window window = space.notifier().begin(kind, start, end, owner, batch.mayBlock, earlier.windows);
            if (window != Notifier.Window.NONE) {
                keep(window);
            }
        }
    }

    /** Puts a window that has begun into the list, or closes it if that fails. */
    private void keep(Notifier.Window window) {
        boolean kept = false;
        try {
            windows.add(window);
            kept = true;
        } finally {
            if (!kept) {
                window.close();
            }
        }
    }

    /**
     * Waits until every device has answered.
     *
     * @return false if a driver would have to wait and may not
     */
    boolean awaitOpen() {
        boolean granted = true;
        for (Notifier.Window window : windows) {
            granted &= window.awaitOpen();
        }
        return granted;
    }

    /** Begins to tell all devices that the change is made. */
    void end() {
        forEach(END);
    }

    /** Waits until all devices know that the change is made. Needs no lock. */
    void awaitEnd() {
        forEach(AWAIT_END);
    }

    /** Ends all windows, and waits until the devices know. */
    void close() {
        forEach(CLOSE);
    }

    /** Does one step to every window even if it fails for some; then throws the first failure. */
    private void forEach(Consumer<Notifier.Window> step) {
        Throwable failure = null;
        for (int i = 0; i < windows.size(); i++) {
            try {
                step.accept(windows.get(i));
            } catch (RuntimeException | Error failed) {
                failure = failure == null ? failed : failure;
            }
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }
}
