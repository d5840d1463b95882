package io.quire.memory.driver;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The thread that calls one driver. Between two calls it looks for the next one for a moment before it goes to sleep:
 * calls come in bursts, and waking a thread takes longer than most of them.
 */
final class DriverThread implements Runnable {

    private static final long AWAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /** The same while calls come so often that the next one can be expected soon. */
    private static final long AWAKE_NANOS_MAX = TimeUnit.MICROSECONDS.toNanos(500);

    private final Queue<FutureTask<?>> calls = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private final AtomicBoolean started = new AtomicBoolean();
    private volatile boolean asleep;
    private volatile boolean closed;

    /** How long the last call was waited for; of the thread alone. */
    private long lastWait;

    DriverThread(String device) {
        thread = new Thread(this, "quire-driver-" + device);
        thread.setDaemon(true);
    }

    /** Has a call made after those that were given before; cancels it if the thread makes no more. */
    void submit(FutureTask<?> call) {
        if (!started.get() && started.compareAndSet(false, true)) {
            thread.start(); // not before: memory that nothing computes on has a driver that is never called
        }
        calls.add(call);
        if (asleep) {
            LockSupport.unpark(thread);
        }
        if (closed) {
            call.cancel(false);
        }
    }

    @Override
    public void run() {
        while (!closed) {
            FutureTask<?> call = calls.poll();
            if (call == null) {
                awaitCall();
            } else {
                call.run(); // keeps what the driver throws for the caller
            }
        }
        calls.forEach(call -> call.cancel(false));
    }

    private void awaitCall() {
        long begin = System.nanoTime();
        Spin.until(() -> !calls.isEmpty(), patience());
        asleep = true;
        // Both are volatile: whoever adds a call sees that this thread sleeps, or this thread sees the call.
        if (calls.isEmpty() && !closed) {
            LockSupport.park(this);
        }
        asleep = false;
        lastWait = System.nanoTime() - begin;
        Thread.interrupted(); // a call that was given up may have left the flag, and park would not wait any more
    }

    /**
     * Twice the last wait, if that is not too long. Where a machine is slow to wake threads, a caller that was woken
     * itself would else find this thread asleep again each time, and both would wait for being woken for ever.
     */
    private long patience() {
        return 2 * lastWait <= AWAKE_NANOS_MAX ? Math.max(2 * lastWait, AWAKE_NANOS) : AWAKE_NANOS;
    }

    /** Makes no more calls, cancels those that wait, and interrupts the one it is in. */
    void close() {
        closed = true;
        thread.interrupt();
    }
}
