package io.quire.memory.driver;

import io.quire.memory.device.DeviceDriver;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The frames of one device that went out of use and of which its driver has not heard. Whoever frees one puts it in and
 * goes on: that never waits, takes no memory, and cannot fail, for it happens under locks, and amid what must be ended.
 * Before each call the driver's thread tells what is in here.
 * <p>
 * A frame is in here once at most: to be freed again it has to be allocated again, for which the driver is called.
 */
final class FreedFrames {

    private static final int NONE = -1;

    /** Told with one call. */
    private static final int TOLD_TOGETHER = 64;

    private final DriverCalls calls;
    private final DeviceDriver driver;

    /** By frame: the one that was freed before it, or, once it was taken, after it. */
    private final int[] next;
    private final AtomicInteger last = new AtomicInteger(NONE);

    /** Taken out and not told, the one that was freed first; of the driver's thread. */
    private int untold = NONE;

    /** Whether the driver's thread may have taken some out that the driver has not heard of. */
    private volatile boolean telling;

    FreedFrames(DriverCalls calls, DeviceDriver driver, int frames) {
        this.calls = calls;
        this.driver = driver;
        this.next = new int[frames];
    }

    /**
     * Puts a frame in, before it can be allocated again. Any thread; lock-free.
     *
     * @return whether the driver's thread has to be woken: there was none before
     */
    boolean put(int frame) {
        while (true) {
            int before = last.get();
            next[frame] = before;
            // ORDER(frame-told) release: the link, then the frame.
            if (last.compareAndSet(before, frame)) {
                return before == NONE;
            }
        }
    }

    /** Whether there are some of which the driver has not heard. */
    boolean isAnyUntold() {
        return last.get() != NONE || telling; // in this order: the flag is set before a frame is taken out
    }

    /** Tells the driver of all there are. A frame that the driver fails to take back is free all the same. */
    void tell(DriverThread thread) {
        if (untold == NONE && last.get() == NONE) {
            return;
        }
        telling = true;
        take();
        while (untold != NONE && !calls.isLost()) {
            int[] frames = new int[count()];
            Callable<Object> call = () -> { // made before they are taken out: nobody tells of them a second time
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

    /** Takes all out and turns them round, to be told in the order in which they were freed. */
    private void take() {
        if (untold != NONE || last.get() == NONE) {
            return;
        }
        // ORDER(frame-told) acquire: who takes a frame sees its link.
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
