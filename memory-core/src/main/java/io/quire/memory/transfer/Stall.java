package io.quire.memory.transfer;

import io.quire.memory.contract.WaitTimeoutException;
import java.io.InterruptedIOException;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.SelectableChannel;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Bounds how long a transfer waits for a channel that moves no byte, and ends it if its thread is interrupted. A
 * channel that blocks waits by itself, for as long as it likes.
 */
final class Stall {

    private static final long LIMIT_NANOS = 10_000_000_000L;
    private static final long NAP_NANOS = 200_000;

    private final String channel;
    private final long limitNanos;
    private long moved = System.nanoTime();

    /** Ten seconds without a byte are too long. */
    Stall(String channel) {
        this(channel, LIMIT_NANOS);
    }

    Stall(String channel, long limitNanos) {
        this.channel = channel;
        this.limitNanos = limitNanos;
    }

    /** Throws if a channel does not block: whoever uses such a channel waits by a selector. */
    static void requireBlocking(Object channel) {
        if (channel instanceof SelectableChannel selectable && !selectable.isBlocking()) {
            throw new IllegalBlockingModeException();
        }
    }

    /** Throws if the thread is interrupted; it stays so. */
    static void checkInterrupt() throws InterruptedIOException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("the thread was interrupted during a transfer");
        }
    }

    /** Notes how many bytes a call of the channel has moved; waits a little if none. */
    void moved(int bytes) throws InterruptedIOException {
        checkInterrupt();
        if (bytes > 0) {
            moved = System.nanoTime();
        } else if (System.nanoTime() - moved > limitNanos) {
            throw new WaitTimeoutException(channel + " to move a byte", Duration.ofNanos(limitNanos));
        } else {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    /** Forgets the time since the last call of the channel: the transfer was busy with something else. */
    void begin() {
        moved = System.nanoTime();
    }

    @Override
    public String toString() {
        return "Stall[" + channel + "]";
    }
}
