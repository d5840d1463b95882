package io.quire.memory.space;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.driver.DriverWork;
import io.quire.memory.frame.FramePool;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.Root;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Gives pages that were never written their frame on a device: zeros, without a copy. Any thread; without locks. */
final class EmptyPages {

    private final Space space;
    private final Machine machine;

    EmptyPages(Space space) {
        this.space = space;
        this.machine = space.machine();
    }

    /**
     * Fills the empty pages of a range within one leaf; those that may not be read are left alone.
     *
     * @param batch gets to know what was filled, or could not be
     */
    void fill(long from, long to, DriverLink device, Batch batch) {
        Deque<Long> frames = new ArrayDeque<>();
        DriverWork zeroing = null;
        try {
            for (long page = from; page < to; page += Geometry.PAGE_BYTES) {
                if (isEmpty(page)) {
                    long frame = device.pool().allocate();
                    if (frame != FramePool.NONE) { // else this page stays empty, and the others do not care
                        frames.add(frame);
                    }
                }
            }
            zeroing = zeroing(List.copyOf(frames), device);
            if (zeroing != null) {
                device.calls().run("zeroing of frames", zeroing);
            } else {
                frames.forEach(frame -> machine.pools().memory().fill(frame, Geometry.PAGE_BYTES, (byte) 0));
            }
            space.lock();
            try {
                for (long page = from; page < to; page += Geometry.PAGE_BYTES) {
                    if (isEmpty(page)) {
                        batch.settle(Geometry.pageIndex(page), frames.isEmpty() ? PageOutcome.NO_FREE_FRAME
                                : PageOutcome.FILLED);
                        if (!frames.isEmpty()) {
                            put(page, frames.peek(), device);
                            frames.remove();
                        }
                    }
                }
            } finally {
                space.unlock();
            }
        } finally {
            if (zeroing == null || !zeroing.mayStillRun()) {
                frames.forEach(device.pool()::release);
            }
        }
    }

    /** Snapshots are left as they are: their empty pages read as zeros without any frame. */
    private boolean isEmpty(long page) {
        return !space.isSnapshot() && !Entry.isPresent(space.entry(page)) && space.isReadable(space.root(), page);
    }

    private @Nullable DriverWork zeroing(List<Long> frames, DriverLink device) {
        return device.isPrivate() && !frames.isEmpty() ? new DriverWork(() -> frames.forEach(frame ->
                device.privateDriver().zero(device.pool().frame(frame)))) : null;
    }

    private void put(long page, long frame, DriverLink device) {
        Root current = space.root();
        long[] leaf = space.faults().ownLeaf(page, current);
        device.holds(frame, space.lineage(), page);
        try (Notifier.Window _ = space.notifier().mapsZero(page)
                ? space.notifier().start(InvalidationKind.CLEAR, page) : Notifier.Window.NONE) {
            long entry = Entry.present(frame);
            Leaf.set(leaf, Geometry.pageIndex(page), space.isWritable(current, page) ? Entry.writable(entry) : entry);
        }
        machine.events().moved(true, 1);
    }
}
