package io.quire.memory.driver;

import io.quire.memory.guard.CallbackThread;
import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.Wait;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jctools.queues.varhandle.MpscBlockingConsumerVarHandleArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The thread that calls one driver, and keeps the time of the present call. Between two calls it looks for the next one
 * for a moment before it goes to sleep: calls come in bursts, and waking a thread takes longer than most calls.
 */
final class DriverThread extends CallbackThread implements DriverCall.Caller {

    /** More than the threads that call at a time. A thread that finds the line full waits until a call is over. */
    private static final int CALLS_IN_LINE = 256;

    /** How long the thread looks for the next call before it goes to sleep. */
    private static final long AWAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** The longest such time, while calls come so often that the next one is expected soon. */
    private static final long AWAKE_NANOS_MAX = TimeUnit.MICROSECONDS.toNanos(500);

    /** In place of the time at which the driver was called: it is in no call, or was in one for too long. */
    private static final long OUTSIDE = 0;
    private static final long OVERSTAYED = 1;

    /**
     * The thread wakes up at least this often: an Error may interrupt an offer after the call is in line and before
     * this thread is woken.
     */
    private static final long LONGEST_NAP_SECONDS = 1;

    private final BlockingQueue<DriverCall<?>> line = new MpscBlockingConsumerVarHandleArrayQueue<>(CALLS_IN_LINE);
    @SuppressWarnings("UnnecessaryLambda") // created once: a wait allocates nothing
    private final BooleanSupplier isAnyInLine = () -> !line.isEmpty();
    private final DriverCall<?> wakeUp;
    private final long deadlineNanos;
    private final Mutex starting = new Mutex();
    private final AtomicLong begun = new AtomicLong(OUTSIDE);
    private volatile @Nullable FreedFrames freed;
    private volatile boolean started;
    private volatile boolean closed;

    /** How long this thread waited for the last call. Used by this thread alone. */
    private long lastWait;

    /** @param wakeUp a call that is never made */
    DriverThread(String device, Duration deadline, DriverCall<?> wakeUp) {
        super(device);
        setDaemon(true);
        this.deadlineNanos = TimeUnit.NANOSECONDS.convert(deadline);
        this.wakeUp = wakeUp;
    }

    /** Makes the thread tell the driver of freed frames before each call. */
    void tellFirst(FreedFrames frames) {
        freed = frames;
    }

    // ---- for callers

    /** Puts a call at the end of the line; false if the line is full. */
    boolean offer(DriverCall<?> call) {
        if (!started) {
            startOnce();
        }
        return line.offer(call);
    }

    private void startOnce() {
        starting.lock();
        try {
            if (!started && !closed) {
                if (getState() == State.NEW) { // a start may have succeeded and then thrown an Error
                    start(); // not earlier: a device that nobody uses needs no thread
                }
                started = true;
            }
        } finally {
            starting.unlock();
        }
    }

    /**
     * Wakes the thread to tell the driver of freed frames. If the line is full, it does so anyway before the next call.
     */
    void wakeUp() {
        line.offer(wakeUp);
    }

    /**
     * True if the driver is, or was, in a call for longer than the deadline. The first thread to find that out
     * interrupts the call.
     */
    boolean isOverstayed() {
        long since = begun.get();
        if (since == OUTSIDE || since == OVERSTAYED) {
            return since == OVERSTAYED;
        }
        // The exchange fails if the driver has just returned: a call is either in time or not, never both.
        if (System.nanoTime() - since <= deadlineNanos || !begun.compareAndSet(since, OVERSTAYED)) {
            return false;
        }
        interrupt();
        return true;
    }

    /** Ends the thread: it makes no more calls, and the present one is interrupted. */
    void close() {
        closed = true;
        interrupt();
    }

    boolean isClosed() {
        return closed;
    }

    // ---- on this thread

    @Override
    public void run() {
        while (!closed && begun.get() != OVERSTAYED) {
            try {
                DriverCall<?> call = next();
                if (call != null) {
                    make(call);
                }
            } catch (OutOfMemoryError full) {
                Thread.onSpinWait(); // go on: no other thread makes the calls
            }
        }
    }

    private void make(DriverCall<?> call) {
        try {
            FreedFrames frames = freed;
            if (frames != null) {
                frames.tell(this); // before the call, which may ask for one of them
            }
        } catch (Throwable failed) { // not the driver's fault: the heap is full, and the frames are told the next time
            call.fail(failed);
            return;
        }
        if (begun.get() != OVERSTAYED) {
            call.run(this);
        }
    }

    /** Calls the driver. The deadline counts from here. */
    @Override
    public <T> T make(String operation, Callable<T> work) throws Exception {
        enter(operation);
        begun.compareAndSet(OUTSIDE, now());
        try {
            return work.call();
        } finally {
            long since = begun.get();
            if (since != OVERSTAYED) {
                begun.compareAndSet(since, OUTSIDE);
            }
            leave();
        }
    }

    /**
     * Begins the next of several calls in a row; its deadline counts from here.
     *
     * @return false if the call before took too long, so that no other may follow
     */
    boolean beginNext() {
        long since = begun.get();
        return since != OVERSTAYED && begun.compareAndSet(since, now());
    }

    private static long now() {
        long now = System.nanoTime();
        return now == OUTSIDE || now == OVERSTAYED ? now - 2 : now;
    }

    private @Nullable DriverCall<?> next() {
        DriverCall<?> call = line.poll();
        if (call != null) {
            return call;
        }
        long begin = System.nanoTime();
        Wait.awake(isAnyInLine, patience());
        try {
            return line.poll(LONGEST_NAP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException ended) { // closed, or a call left the interrupt flag set
            return null;
        } finally {
            lastWait = System.nanoTime() - begin;
        }
    }

    /**
     * Twice the last wait, if that is not too long. Some machines are slow to wake threads. There a caller that was
     * just woken would otherwise find this thread asleep each time, and every call would cost two wake-ups.
     */
    private long patience() {
        return 2 * lastWait <= AWAKE_NANOS_MAX ? Math.max(2 * lastWait, AWAKE_NANOS) : AWAKE_NANOS;
    }
}
