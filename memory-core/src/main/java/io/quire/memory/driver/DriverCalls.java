package io.quire.memory.driver;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DriverException;
import io.quire.memory.guard.CallbackThread;
import io.quire.memory.guard.Wait;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Calls one driver from a thread of its own, so that a driver that does not return holds up nobody for longer than the
 * deadline. After the deadline the device counts as lost, and every further call fails at once.
 * <p>
 * Calls are made one after the other, in the order in which they were begun. Any thread but the driver's own; waits for
 * the driver.
 */
public final class DriverCalls {

    private static final System.Logger LOGGER = System.getLogger(DriverCalls.class.getName());

    private static final String DETACH = "close its attachments, so that their spaces work again; ";
    private static final String WAY_OUT = DETACH + "then close the device";
    private static final String WAY_OUT_OF_PRIVATE = DETACH
            + "discard the pages that only this device can reach, or close their spaces; then close the device";

    private final String device;
    private final Duration deadline;

    /** What a user can do when the device is lost, for messages. */
    private final String wayOut;

    /** Null for a driver that is not a user's code: it is called in place. */
    private final @Nullable DriverThread thread;
    private volatile @Nullable FreedFrames freed;
    private volatile boolean lost;

    /**
     * Why the device is lost, as the cause of later failures. Null if it was given up, or if nobody has found out yet.
     */
    private volatile @Nullable DriverFailedException reason;

    private DriverCalls(String device, Duration deadline, String wayOut, boolean inPlace) {
        this.device = device;
        this.deadline = deadline;
        this.wayOut = wayOut;
        this.thread = inPlace ? null : new DriverThread(device, deadline, neverMade());
    }

    private DriverCall<?> neverMade() {
        DriverCall<?> call = new DriverCall<>(this, "nothing", () -> this);
        call.abandon();
        return call;
    }

    /**
     * Calls the driver from a thread of its own, which starts with the first call.
     *
     * @param device the name of the device, for messages
     * @param deadline how long one call may take, from when it begins
     * @param isPrivate true if the processor cannot address the memory of the device: pages are lost with it then
     */
    public static DriverCalls onThreadOfItsOwn(String device, Duration deadline, boolean isPrivate) {
        return new DriverCalls(device, deadline, isPrivate ? WAY_OUT_OF_PRIVATE : WAY_OUT, false);
    }

    /** Calls the driver on the thread of the caller, without a deadline. */
    public static DriverCalls inPlace(String device) {
        return new DriverCalls(device, Duration.ZERO, WAY_OUT, true);
    }

    /**
     * Makes {@link #freed} tell a driver of freed frames.
     *
     * @param frames the number of frames of the driver's pool
     */
    public void tellsOfFreed(DeviceDriver driver, int frames) {
        if (thread != null) {
            FreedFrames list = new FreedFrames(this, driver, frames);
            freed = list;
            thread.tellFirst(list);
        }
    }

    // ---- calls that are waited for

    /**
     * Calls the driver for something that has no result.
     *
     * @param operation what the driver is to do, for messages
     * @throws DriverFailedException as {@link #call}
     */
    public void run(String operation, Runnable work) {
        beginRun(operation, work).await();
    }

    /**
     * Calls the driver.
     *
     * @param operation what the driver is to do, for messages
     * @throws DriverFailedException if the driver throws, does not return in time, or did not return from an earlier
     *         call
     * @throws io.quire.memory.contract.DriverReentryException if this thread is inside a call of a driver
     */
    public <T> T call(String operation, Callable<T> work) {
        return begin(operation, work).await();
    }

    /** As {@link #begin}, for something that has no result. */
    public DriverCall<?> beginRun(String operation, Runnable work) {
        return begin(operation, Executors.callable(work, this));
    }

    /**
     * Begins a call of the driver. It is made after the calls that were begun before it, and before those that are
     * begun later. Waits only if the line is full.
     *
     * @param operation what the driver is to do, for messages
     * @return the call, to be waited for
     * @throws DriverFailedException if the driver did not return from an earlier call in time
     * @throws io.quire.memory.contract.DriverReentryException if this thread is inside a call of a driver
     */
    public <T> DriverCall<T> begin(String operation, Callable<T> work) {
        DriverCall<T> call = prepare(operation, work);
        begin(call);
        return call;
    }

    /** Creates a call that can {@link #begin(DriverCall) begin} later, when nothing may be allocated any more. */
    public <T> DriverCall<T> prepare(String operation, Callable<T> work) {
        return new DriverCall<>(this, operation, work);
    }

    /** As {@link #prepare(String, Callable)}, for something that has no result. */
    public DriverCall<?> prepareRun(String operation, Runnable work) {
        return prepare(operation, Executors.callable(work, this));
    }

    /** As {@link #begin(String, Callable)}, for a prepared call. Allocates nothing, unless the line is full. */
    public void begin(DriverCall<?> call) {
        CallbackThread.requireOutside();
        checkAnswers(call.operation());
        DriverThread caller = thread;
        if (caller == null) {
            call.run(DriverCalls::makeHere);
        } else if (!caller.offer(call)) {
            // This wait ends: a driver that takes too long for its present call is lost, and then nobody waits for it.
            Wait.until(() -> isLost() || caller.isClosed() || caller.offer(call));
        }
    }

    private static <T> T makeHere(String operation, Callable<T> work) throws Exception {
        return work.call();
    }

    /**
     * Begins the next call of the driver within one piece of work, so that each call has the deadline for itself.
     * Called on the driver's thread, between two calls.
     *
     * @throws DriverFailedException if the driver may not be called any more
     */
    public void next() {
        if (lost || (thread != null && !thread.beginNext())) {
            throw failed("next call", "the device is lost", null);
        }
    }

    /** True if it is certain that a call gets no answer. If the call has not begun then, it never will. */
    boolean isUnanswerable(DriverCall<?> call) {
        if (thread == null) {
            return false;
        }
        return thread.isOverstayed() || ((lost || thread.isClosed()) && call.abandon());
    }

    // ---- what nobody waits for

    /**
     * Tells the driver that a frame was freed: soon, and before the driver is asked for that frame again. Waits for
     * nobody, and does not fail.
     */
    public void freed(int frame) {
        FreedFrames list = freed;
        if (list != null && thread != null && !lost && list.put(frame)) {
            wakeUp(thread);
        }
    }

    private static void wakeUp(DriverThread thread) {
        try {
            thread.wakeUp();
        } catch (Throwable later) {
            return; // the thread tells the driver before its next call
        }
    }

    /**
     * Waits until the driver was told of all frames that were freed before. Does not wait for a device that is lost or
     * closed.
     */
    public void awaitTold() {
        FreedFrames list = freed;
        if (list != null && list.isAnyUntold() && !isLost() && thread != null && !thread.isClosed()) {
            run("hear of freed frames", () -> {});
        }
    }

    /** Logs a failure of the driver that makes no operation fail. */
    void note(String what, Throwable failure) {
        try {
            LOGGER.log(System.Logger.Level.WARNING, "device " + device + " " + what, failure);
        } catch (Throwable noLog) {
            failure.addSuppressed(noLog); // the heap is full, or a logger is broken: the thread goes on
        }
    }

    // ---- failures

    DriverFailedException failed(String operation, String fact, @Nullable Throwable cause) {
        int code = cause instanceof DriverException known ? known.code() : DriverFailedException.NO_CODE;
        return new DriverFailedException(device, operation, code, fact, cause);
    }

    /**
     * The failure of a call that gets no answer.
     *
     * @param isRunning true if the driver did not return from this very call
     */
    DriverFailedException unanswered(String operation, boolean isRunning) {
        if (isRunning) {
            DriverFailedException failure = failed(operation, "it did not return within "
                    + TimeUnit.MILLISECONDS.convert(deadline) + " ms; the device is lost: " + wayOut, null);
            reason = failure;
            return failure;
        }
        return isLost() ? failed(operation, "the device is lost: its driver did not return from a call, or it was given"
                + " up; " + wayOut, reason) : failed(operation, "the device is closed", null);
    }

    /**
     * Refuses an operation if the device is lost.
     *
     * @throws DriverFailedException if the device is lost
     */
    public void checkAnswers(String operation) {
        if (isLost()) {
            throw unanswered(operation, false);
        }
    }

    /** Declares the device lost: its driver is not called any more. */
    public void giveUp() {
        lost = true;
    }

    /** True if the driver did not return from a call in time, or the device was given up. */
    public boolean isLost() {
        if (!lost && thread != null && thread.isOverstayed()) {
            lost = true;
        }
        return lost;
    }

    /** Ends the thread; no call may follow. */
    public void close() {
        if (thread != null) {
            thread.close();
        }
    }
}
