package io.quire.memory.pin;

import io.quire.memory.contract.PinLimitException;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes of long-term pins, and refuses more than a limit. Any thread; lock-free. */
public final class LongPins {

    private final AtomicLong bytes = new AtomicLong();
    private final long limitBytes;

    LongPins(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Counts the bytes of a pin that is about to be taken.
     *
     * @param spaceName for the message
     * @throws PinLimitException if less than that is left of the limit
     */
    public void take(long sizeBytes, String spaceName) {
        if (sizeBytes == 0) {
            return;
        }
        long before = bytes.getAndUpdate(now -> now + sizeBytes <= limitBytes ? now + sizeBytes : now);
        if (before + sizeBytes > limitBytes) {
            throw new PinLimitException("the limit of long-term pinned memory is reached: space=" + spaceName
                    + ", wanted=" + sizeBytes + " bytes, pinned=" + before + " bytes, limit=" + limitBytes
                    + " bytes; close pins that are not needed, or build the manager with a higher longTermPinLimit");
        }
    }

    public void giveBack(long sizeBytes) {
        bytes.addAndGet(-sizeBytes);
    }

    /** Returns how many bytes are in long-term pins. */
    public long bytes() {
        return bytes.get();
    }
}
