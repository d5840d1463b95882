package io.quire.memory.pin;

import io.quire.memory.contract.PinLimitException;
import java.util.concurrent.atomic.AtomicLong;

/** How much is pinned for long, held to a limit. Any thread; lock-free. */
public final class LongPins {

    private final AtomicLong bytes = new AtomicLong();
    private final long limitBytes;

    LongPins(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Takes some of the limit.
     *
     * @param spaceName for the message
     * @throws PinLimitException if that much is not left
     */
    public void take(long more, String spaceName) {
        if (more == 0) {
            return;
        }
        long before = bytes.getAndUpdate(now -> now + more <= limitBytes ? now + more : now);
        if (before + more > limitBytes) {
            throw new PinLimitException("the limit of long-term pinned memory is reached: space=" + spaceName
                    + ", wanted=" + more + " bytes, pinned=" + before + " bytes, limit=" + limitBytes
                    + " bytes; close pins that are not needed, or build the manager with a higher longTermPinLimit");
        }
    }

    public void giveBack(long less) {
        bytes.addAndGet(-less);
    }

    /** How much is pinned for long. */
    public long bytes() {
        return bytes.get();
    }
}
