package io.quire.memory.space;

import io.quire.memory.contract.PinLimitException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** How much is pinned for long, held to a limit, and how many pins of any kind are open. Any thread; lock-free. */
public final class PinCounts {

    private final AtomicLong bytes = new AtomicLong();
    private final AtomicInteger pins = new AtomicInteger();
    private final long limitBytes;

    PinCounts(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Takes some of the limit.
     *
     * @throws PinLimitException if that much is not left
     */
    void take(long more, Space space) {
        if (more == 0) {
            return;
        }
        long before = bytes.getAndUpdate(now -> now + more <= limitBytes ? now + more : now);
        if (before + more > limitBytes) {
            throw new PinLimitException("the limit of long-term pinned memory is reached: space=" + space.name()
                    + ", wanted=" + more + " bytes, pinned=" + before + " bytes, limit=" + limitBytes
                    + " bytes; close pins that are not needed, or build the manager with a higher longTermPinLimit");
        }
    }

    void giveBack(long less) {
        bytes.addAndGet(-less);
    }

    void opened() {
        pins.incrementAndGet();
    }

    void closed() {
        pins.decrementAndGet();
    }

    /** How many pins are open, short and long. */
    public int openPins() {
        return pins.get();
    }

    /** How much is pinned for long. */
    public long bytes() {
        return bytes.get();
    }
}
