package io.quire.memory.trace;

import java.util.concurrent.atomic.LongAdder;

/** Counts how often the slow paths of a manager have run since it was opened. Any thread; wait-free. */
public final class EventCounts {

    private final LongAdder forks = new LongAdder();
    private final LongAdder pagesZeroFilled = new LongAdder();
    private final LongAdder pagesCopied = new LongAdder();
    private final LongAdder pagesReused = new LongAdder();
    private final LongAdder deviceFaults = new LongAdder();
    private final LongAdder invalidations = new LongAdder();
    private final LongAdder pagesToDevices = new LongAdder();
    private final LongAdder pagesToHost = new LongAdder();
    private final LongAdder pagesBroughtHome = new LongAdder();
    private final LongAdder pagesEvicted = new LongAdder();
    private final LongAdder pagesCopiedOff = new LongAdder();
    private final LongAdder longTermPinsRefused = new LongAdder();

    public void forked() {
        forks.increment();
    }

    /** Counts the first write to a page. */
    public void zeroFilled() {
        pagesZeroFilled.increment();
    }

    /** Counts a shared page that was copied for its writer. */
    public void copied() {
        pagesCopied.increment();
    }

    /** Counts a formerly shared page that its last owner now writes in place. */
    public void reused() {
        pagesReused.increment();
    }

    public long forks() {
        return forks.sum();
    }

    public long pagesZeroFilled() {
        return pagesZeroFilled.sum();
    }

    public long pagesCopied() {
        return pagesCopied.sum();
    }

    public long pagesReused() {
        return pagesReused.sum();
    }

    /** Counts a device's request for translations. */
    public void deviceFaulted() {
        deviceFaults.increment();
    }

    /** Counts a device that was told to stop using translations. */
    public void invalidated() {
        invalidations.increment();
    }

    /** Counts pages that moved between the host and a device. */
    public void moved(boolean toDevice, int pages) {
        (toDevice ? pagesToDevices : pagesToHost).add(pages);
    }

    /** Counts a page that moved to the host because the processor, or a pin, needed it there. */
    public void broughtHome() {
        pagesBroughtHome.increment();
    }

    /** Counts a page that moved to the host to make room on its device. */
    public void evicted() {
        pagesEvicted.increment();
    }

    /** Counts a shared device page whose writer got a copy on the host. */
    public void copiedOff() {
        pagesCopiedOff.increment();
    }

    /** Counts a long-term pin of device memory that was refused. */
    public void longTermRefused() {
        longTermPinsRefused.increment();
    }

    public long deviceFaults() {
        return deviceFaults.sum();
    }

    public long invalidations() {
        return invalidations.sum();
    }

    public long pagesToDevices() {
        return pagesToDevices.sum();
    }

    public long pagesToHost() {
        return pagesToHost.sum();
    }

    public long pagesBroughtHome() {
        return pagesBroughtHome.sum();
    }

    public long pagesEvicted() {
        return pagesEvicted.sum();
    }

    public long pagesCopiedOff() {
        return pagesCopiedOff.sum();
    }

    public long longTermPinsRefused() {
        return longTermPinsRefused.sum();
    }
}
