package io.quire.memory.attach;

import io.quire.memory.driver.DriverCalls;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;

/**
 * Asks a driver for frames. If an Error ends the wait for the answer, nobody has the frames that the driver grants.
 * Then either {@link #withdraw} finds the answer, or the driver is told that the frames are free.
 */
final class FrameRequest implements Callable<Integer> {

    private static final int UNANSWERED = -1;
    private static final int WITHDRAWN = -2;

    private final DriverCalls calls;
    private final int[] frames;
    private final IntSupplier question;

    /** How many frames are granted, or why that is not known. */
    private final AtomicInteger answer = new AtomicInteger(UNANSWERED);

    /** @param question asks the driver; returns how many of the frames it grants, from the first on */
    FrameRequest(DriverCalls calls, int[] frames, IntSupplier question) {
        this.calls = calls;
        this.frames = frames;
        this.question = question;
    }

    /** Asks. Runs on the thread of the driver. */
    @Override
    public Integer call() {
        int granted = question.getAsInt();
        if (!answer.compareAndSet(UNANSWERED, Math.clamp(granted, 0, frames.length)) && granted > 0) {
            giveBack(Math.min(granted, frames.length));
        }
        return granted;
    }

    /** Tells the driver that frames are free which it has granted and nobody uses. Allocates nothing. */
    void giveBack(int granted) {
        for (int i = 0; i < granted; i++) {
            calls.freed(frames[i]);
        }
    }

    /**
     * Gives the request up: nobody waits any more.
     *
     * @return how many of the frames the driver has to be told of
     */
    int withdraw() {
        return answer.compareAndSet(UNANSWERED, WITHDRAWN) ? 0 : Math.max(answer.get(), 0);
    }
}
