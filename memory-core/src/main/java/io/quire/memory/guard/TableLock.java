package io.quire.memory.guard;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The lock of one space's table. It is held for microseconds, so who waits spins first. And it is never handed over:
 * whoever runs and finds it free takes it, also past waiters that were woken and do not get to run, as virtual threads
 * may not for as long as others keep their carriers busy.
 */
public final class TableLock {

    private static final int SPINS = 200;
    private static final long NAP_MICROS = 500;

    private final ReentrantLock lock = new ReentrantLock();

    /**
     * Waits for the lock, whether interrupted or not.
     *
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver: the holder may wait for it
     */
    public void lock() {
        CallbackThread.requireOutside();
        for (int spin = 0; spin < SPINS; spin++) {
            if (lock.tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        lockSlowly();
    }

    private void lockSlowly() {
        boolean interrupted = false;
        boolean locked = false;
        while (!locked) {
            try {
                // Not for good in the queue of the lock: its head may be a thread that does not run.
                locked = lock.tryLock(NAP_MICROS, TimeUnit.MICROSECONDS);
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Whether this thread has the lock. */
    public boolean isHeldByMe() {
        return lock.isHeldByCurrentThread();
    }

    public void unlock() {
        lock.unlock();
    }
}
