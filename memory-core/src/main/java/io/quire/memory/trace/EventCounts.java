package io.quire.memory.trace;

import java.util.concurrent.atomic.LongAdder;

/** How often the slow paths of a manager ran, since it was opened. Any thread; wait-free. */
public final class EventCounts {

    private final LongAdder forks = new LongAdder();
    private final LongAdder zeroFills = new LongAdder();
    private final LongAdder copies = new LongAdder();
    private final LongAdder reuses = new LongAdder();

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
}
