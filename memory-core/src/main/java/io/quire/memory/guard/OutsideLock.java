package io.quire.memory.guard;

import java.io.Serial;
import java.util.concurrent.locks.ReentrantLock;

/** A lock that nobody takes from inside a call of a driver: whoever holds it may be waiting for that driver. */
public final class OutsideLock extends ReentrantLock {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Waits for the lock and takes it.
     *
     * @throws io.quire.memory.contract.DriverReentryException inside a call of a driver
     */
    @Override
    public void lock() {
        CallbackThread.requireOutside();
        super.lock();
    }
}
