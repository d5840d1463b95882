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
 * The thread that calls one driver, and the clock of the call that it is in. Between two calls it looks for the next
 * one for a moment before it goes to sleep: calls come in bursts, and waking a thread takes longer than most of them.
 */
final class DriverThread extends CallbackThread implements DriverCall.Caller {

    /** More than there are threads that call at a time: who finds it full waits for a call to be over. */
    private static final int CALLS_IN_LINE = 256;

    private static final long AWAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** The same while calls come so often that the next one can be expected soon. */
    private static final long AWAKE_NANOS_MAX = TimeUnit.MICROSECONDS.toNanos(500);

    /** Instead of the time at which the driver was called: it is in no call; or was in one for too long. */
    private static final long OUTSIDE = 0;
    private static final long OVERSTAYED = 1;

    /** An Error may come out of an offer between the call and the signal to this thread; so it looks for itself, too. */
    private static final long LONGEST_NAP_SECONDS = 1;

    private final BlockingQueue<DriverCall<?>> line = new MpscBlockingConsumerVarHandleArrayQueue<>(CALLS_IN_LINE);
    @SuppressWarnings("UnnecessaryLambda") // made once: to wait takes no memory
    private final BooleanSupplier isAnyInLine = () -> !line.isEmpty();
    private final DriverCall<?> wakeUp;
    private final long deadlineNanos;
    private final Mutex starting = new Mutex();
    private final AtomicLong begun = new AtomicLong(OUTSIDE);
    private volatile @Nullable FreedFrames freed;
    private volatile boolean started;
    private volatile boolean closed;

    /** How long the last call was waited for; of the thread alone. */
    private long lastWait;

    /** @param wakeUp a call that is never made */
    DriverThread(String device, Duration deadline, DriverCall<?> wakeUp) {
        super(device);
        setDaemon(true);
        this.deadlineNanos = TimeUnit.NANOSECONDS.convert(deadline);
        this.wakeUp = wakeUp;
    }

    /** Has frames that went out of use told before each call. */
    void tellFirst(FreedFrames frames) {
        freed = frames;
    }

    // ---- for callers

    /** Puts a call into the line, behind those that are there; false if it is full. */
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
                if (getState() == State.NEW) { // an Error may have come out of a start that was one
                    start(); // not before: a device that nobody uses needs no thread
                }
                started = true;
            }
        } finally {
            starting.unlock();
        }
    }

    /** Has the thread tell what was freed. If the line is full it does so anyway, before the next call. */
    void wakeUp() {
        line.offer(wakeUp);
    }

    /** Whether the driver is in a call for longer than the deadline, or was. Finds it out, and interrupts that call. */
    boolean isOverstayed() {
        long since = begun.get();
        if (since == OUTSIDE || since == OVERSTAYED) {
            return since == OVERSTAYED;
        }
        // The exchange fails if the driver has returned just now: a call that ends is in time or not, and never both.
        if (System.nanoTime() - since <= deadlineNanos || !begun.compareAndSet(since, OVERSTAYED)) {
            return false;
        }
        interrupt();
        return true;
    }

    /** Makes no more calls, and interrupts the one it is in. */
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
                Thread.onSpinWait(); // nobody else would make the calls
            }
        }
    }

    private void make(DriverCall<?> call) {
        try {
            FreedFrames frames = freed;
            if (frames != null) {
                frames.tell(this); // before the call: it may be asked for one of them
            }
        } catch (Throwable failed) { // not of the driver: the heap is full, and the frames are told the next time
            call.fail(failed);
            return;
        }
        if (begun.get() != OVERSTAYED) {
            call.run(this);
        }
    }

    /** Calls the driver: its deadline counts from here. */
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
     * Of several calls in a row one has returned, and the next one begins; its deadline counts from here.
     *
     * @return false if the one that has returned took too long, so that there may be no next one
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
        } catch (InterruptedException ended) { // or a call has left the flag, which is cleared now
            return null;
        } finally {
            lastWait = System.nanoTime() - begin;
        }
    }

    /**
     * Twice the last wait, if that is not too long. Where a machine is slow to wake threads, a caller that was woken
     * itself would else find this thread asleep again each time, and both would wait for being woken for ever.
     */
    private long patience() {
        return 2 * lastWait <= AWAKE_NANOS_MAX ? Math.max(2 * lastWait, AWAKE_NANOS) : AWAKE_NANOS;
    }
}
