package io.quire.memory.trace;

import java.util.concurrent.atomic.LongAdder;

/** How often the slow paths of a manager ran, since it was opened. Any thread; wait-free. */
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

    /** A page was written for the first time. */
    public void zeroFilled() {
        pagesZeroFilled.increment();
    }

    /** A shared page was copied for its writer. */
    public void copied() {
        pagesCopied.increment();
    }

    /** A page that was shared once had one owner left, which writes it in place. */
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

    /** A device asked for translations. */
    public void deviceFaulted() {
        deviceFaults.increment();
    }

    /** A device was told to stop using translations. */
    public void invalidated() {
        invalidations.increment();
    }

    /** Pages moved between the host and a device. */
    public void moved(boolean toDevice, int pages) {
        (toDevice ? pagesToDevices : pagesToHost).add(pages);
    }

    /** A page moved to the host because the processor, or a pin, needed it there. */
    public void broughtHome() {
        pagesBroughtHome.increment();
    }

    /** A page moved to the host to make room on its device. */
    public void evicted() {
        pagesEvicted.increment();
    }

    /** The writer of a shared page on a device got a copy on the host. */
    public void copiedOff() {
        pagesCopiedOff.increment();
    }

    /** A long-term pin of device memory was refused. */
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
