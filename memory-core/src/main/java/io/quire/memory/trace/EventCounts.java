package io.quire.memory.trace;

import java.util.concurrent.atomic.LongAdder;

/** How often the slow paths of a manager ran, since it was opened. Any thread; wait-free. */
public final class EventCounts {

    private final LongAdder forks = new LongAdder();
    private final LongAdder zeroFills = new LongAdder();
    private final LongAdder copies = new LongAdder();
    private final LongAdder reuses = new LongAdder();
    private final LongAdder deviceFaults = new LongAdder();
    private final LongAdder invalidations = new LongAdder();
    private final LongAdder migrationsToDevices = new LongAdder();
    private final LongAdder migrationsToHost = new LongAdder();
    private final LongAdder homecomings = new LongAdder();
    private final LongAdder evictions = new LongAdder();
    private final LongAdder departures = new LongAdder();
    private final LongAdder longTermRefusals = new LongAdder();

    public void forked() {
        forks.increment();
    }

    /** A page was written for the first time. */
    public void zeroFilled() {
        zeroFills.increment();
    }

    /** A shared page was copied for its writer. */
    public void copied() {
        copies.increment();
    }

    /** A page that was shared once had one owner left, which writes it in place. */
    public void reused() {
        reuses.increment();
    }

    public long forks() {
        return forks.sum();
    }

    public long zeroFills() {
        return zeroFills.sum();
    }

    public long copies() {
        return copies.sum();
    }

    public long reuses() {
        return reuses.sum();
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
        (toDevice ? migrationsToDevices : migrationsToHost).add(pages);
    }

    /** A page moved to the host because the processor, or a pin, needed it there. */
    public void broughtHome() {
        homecomings.increment();
    }

    /** A page moved to the host to make room on its device. */
    public void evicted() {
        evictions.increment();
    }

    /** The writer of a shared page on a device got a copy on the host. */
    public void leftDevice() {
        departures.increment();
    }

    /** A long-term pin of device memory was refused. */
    public void longTermRefused() {
        longTermRefusals.increment();
    }

    public long deviceFaults() {
        return deviceFaults.sum();
    }

    public long invalidations() {
        return invalidations.sum();
    }

    public long migrationsToDevices() {
        return migrationsToDevices.sum();
    }

    public long migrationsToHost() {
        return migrationsToHost.sum();
    }

    public long homecomings() {
        return homecomings.sum();
    }

    public long evictions() {
        return evictions.sum();
    }

    public long departures() {
        return departures.sum();
    }

    public long longTermRefusals() {
        return longTermRefusals.sum();
    }
}
