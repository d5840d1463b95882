package io.quire.memory.driver;

import io.quire.memory.device.DeviceDriver;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The freed frames of one device that its driver does not know of yet. Whoever frees a frame puts it in and goes on.
 * That never waits, allocates nothing and cannot fail: frames are freed under locks, and inside operations that must
 * not stop half way. The driver's thread tells the driver of them before each call.
 * <p>
 * A frame is in here at most once: before it can be freed again it must be allocated again, which calls the driver.
 */
final class FreedFrames {

    private static final int NONE = -1;

    /** The most frames that one call tells the driver of. */
    private static final int TOLD_TOGETHER = 64;

    private final DriverCalls calls;
    private final DeviceDriver driver;

    /** For each frame, the one that was freed before it; once they are taken out, the one that was freed after it. */
    private final int[] next;
    private final AtomicInteger last = new AtomicInteger(NONE);

    /**
     * Of the frames that were taken out and not told, the one that was freed first. Used by the driver's thread alone.
     */
    private int untold = NONE;

    /** True while the driver's thread may have taken out frames that the driver does not know of. */
    private volatile boolean telling;

    FreedFrames(DriverCalls calls, DeviceDriver driver, int frames) {
        this.calls = calls;
        this.driver = driver;
        this.next = new int[frames];
    }

    /**
     * Puts a frame in, before it can be allocated again. Any thread; lock-free.
     *
     * @return true if there was none before, so that the driver's thread has to be woken
     */
    boolean put(int frame) {
        while (true) {
            int before = last.get();
            next[frame] = before;
            // ORDER(frame-told) release: the link first, then the frame.
            if (last.compareAndSet(before, frame)) {
                return before == NONE;
            }
        }
    }

    /** True if there are frames that the driver does not know of. */
    boolean isAnyUntold() {
        return last.get() != NONE || telling; // in this order: the flag is set before a frame is taken out
    }

    /** Tells the driver of all frames in here. If the driver fails to take one back, it is free all the same. */
    void tell(DriverThread thread) {
        if (untold == NONE && last.get() == NONE) {
            return;
        }
        telling = true;
        take();
        while (untold != NONE && !calls.isLost()) {
            int[] frames = new int[count()];
            Callable<Object> call = () -> { // created before the frames are taken out: an Error here loses none
                tell(frames);
                return this;
            };
            for (int i = 0; i < frames.length; i++) {
                frames[i] = untold;
                untold = next[untold];
            }
            try {
                thread.make("take back frames", call);
            } catch (Throwable failed) {
                calls.note("failed to take frames back", failed);
            }
            take();
        }
        telling = false;
    }

    private void tell(int[] frames) {
        if (frames.length == 1) {
            driver.frameFreed(frames[0]);
        } else {
            driver.framesFreed(frames);
        }
    }

    /** Takes all frames out and reverses their order, so that the first one freed is told first. */
    private void take() {
        if (untold != NONE || last.get() == NONE) {
            return;
        }
        // ORDER(frame-told) acquire: whoever takes a frame sees its link.
        int frame = last.getAndSet(NONE);
        while (frame != NONE) {
            int before = next[frame];
            next[frame] = untold;
            untold = frame;
            frame = before;
        }
    }

    private int count() {
        int count = 0;
        for (int frame = untold; frame != NONE && count < TOLD_TOGETHER; frame = next[frame]) {
            count++;
        }
        return count;
    }
}
