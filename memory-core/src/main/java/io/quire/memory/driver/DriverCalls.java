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
 * deadline. After that the device counts as lost, and every further call fails at once.
 * <p>
 * Calls are made one after the other, in the order in which they were begun. Any thread but that one; waits for the
 * driver.
 */
public final class DriverCalls {

    private static final System.Logger LOGGER = System.getLogger(DriverCalls.class.getName());

    private static final String WAY_OUT = "close it, and before it the spaces that have pages which only it can reach";

    private final String device;
    private final Duration deadline;

    /** Null for a driver that is no code of a user: it is called in place. */
    private final @Nullable DriverThread thread;
    private volatile @Nullable FreedFrames freed;
    private volatile boolean lost;

    /** Why it is lost, for all who come later; null if it was given up, or nobody has said so yet. */
    private volatile @Nullable DriverFailedException reason;

    private DriverCalls(String device, Duration deadline, boolean inPlace) {
        this.device = device;
        this.deadline = deadline;
        this.thread = inPlace ? null : new DriverThread(device, deadline, neverMade());
    }

    private DriverCall<?> neverMade() {
        DriverCall<?> call = new DriverCall<>(this, "nothing", () -> this);
        call.abandon();
        return call;
    }

    /**
     * Calls from a thread that starts with the first call.
     *
     * @param device its name, for messages
     * @param deadline how long one call may take, from when it begins
     */
    public static DriverCalls onThreadOfItsOwn(String device, Duration deadline) {
        return new DriverCalls(device, deadline, false);
    }

    /** Calls on the thread of the caller, without a deadline. */
    public static DriverCalls inPlace(String device) {
        return new DriverCalls(device, Duration.ZERO, true);
    }

    /** From now on {@link #freed} tells this driver of frames of a pool of so many. */
    public void tellsOfFreed(DeviceDriver driver, int frames) {
        if (thread != null) {
            FreedFrames list = new FreedFrames(this, driver, frames);
            freed = list;
            thread.tellFirst(list);
        }
    }

    // ---- calls that are waited for

    /**
     * Calls the driver with something that has no result.
     *
     * @param operation what it is to do, for messages
     * @throws DriverFailedException as {@link #call}
     */
    public void run(String operation, Runnable work) {
        beginRun(operation, work).await();
    }

    /**
     * Calls the driver.
     *
     * @param operation what it is to do, for messages
     * @throws DriverFailedException if it throws, does not return in time, or has not before
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    public <T> T call(String operation, Callable<T> work) {
        return begin(operation, work).await();
    }

    /** As {@link #begin}, for something that has no result. */
    public DriverCall<?> beginRun(String operation, Runnable work) {
        return begin(operation, Executors.callable(work, this));
    }

    /**
     * Begins to call the driver: after the calls that were begun before, and before those that are begun later. Waits
     * only if very many are in line.
     *
     * @param operation what it is to do, for messages
     * @return the call, to be waited for
     * @throws DriverFailedException if the driver has not returned in time before
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    public <T> DriverCall<T> begin(String operation, Callable<T> work) {
        DriverCall<T> call = prepare(operation, work);
        begin(call);
        return call;
    }

    /** Makes a call that is to {@link #begin} later, when nothing may be allocated any more. */
    public <T> DriverCall<T> prepare(String operation, Callable<T> work) {
        return new DriverCall<>(this, operation, work);
    }

    /** As {@link #prepare(String, Callable)}, for something that has no result. */
    public DriverCall<?> prepareRun(String operation, Runnable work) {
        return prepare(operation, Executors.callable(work, this));
    }

    /**
     * As {@link #begin(String, Callable)}, with a call that was prepared. Allocates nothing, unless very many are in
     * line.
     */
    public void begin(DriverCall<?> call) {
        CallbackThread.requireOutside();
        checkAnswers(call.operation());
        DriverThread caller = thread;
        if (caller == null) {
            call.run(DriverCalls::makeHere);
        } else if (!caller.offer(call)) {
            // Bounded: a driver that takes too long for the call it is in is lost, and then all get to know.
            Wait.until(() -> isLost() || caller.isClosed() || caller.offer(call));
        }
    }

    private static <T> T makeHere(String operation, Callable<T> work) throws Exception {
        return work.call();
    }

    /**
     * To be called amid the work of a call, on the driver's thread: the driver was called, has returned, and is called
     * once more. The deadline is that of each.
     *
     * @throws DriverFailedException if it is not to be called any more
     */
    public void next() {
        if (lost || (thread != null && !thread.beginNext())) {
            throw failed("next call", "the device is lost", null);
        }
    }

    /** Whether it is certain that a call gets no answer; if it has not begun it does not begin any more then. */
    boolean isUnanswerable(DriverCall<?> call) {
        if (thread == null) {
            return false;
        }
        return thread.isOverstayed() || ((lost || thread.isClosed()) && call.abandon());
    }

    // ---- what nobody waits for

    /**
     * Tells the driver that a frame went out of use: soon, and before it is asked for that frame again. Waits for
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
            return; // it tells before its next call
        }
    }

    /** Waits until the driver has been told of all frames that went out of use before; not of a device that is lost. */
    public void awaitTold() {
        FreedFrames list = freed;
        if (list != null && list.isAnyUntold() && !isLost() && thread != null && !thread.isClosed()) {
            run("hear of freed frames", () -> {});
        }
    }

    /** Notes that the driver has failed at something that fails nothing else. */
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

    /** @param isRunning whether it is that call the driver has not returned from */
    DriverFailedException unanswered(String operation, boolean isRunning) {
        if (isRunning) {
            DriverFailedException failure = failed(operation, "it did not return within "
                    + TimeUnit.MILLISECONDS.convert(deadline) + " ms; the device is lost: " + WAY_OUT, null);
            reason = failure;
            return failure;
        }
        return isLost() ? failed(operation, "the device is lost: its driver did not answer before, or it was given up; "
                + WAY_OUT, reason) : failed(operation, "the device is closed", null);
    }

    /**
     * Refuses what is to be done with a device that is lost.
     *
     * @throws DriverFailedException if it is
     */
    public void checkAnswers(String operation) {
        if (isLost()) {
            throw unanswered(operation, false);
        }
    }

    /** Has the device count as lost: nothing is asked of its driver any more. */
    public void giveUp() {
        lost = true;
    }

    /** Whether the driver did not return from a call, or was given up. */
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
