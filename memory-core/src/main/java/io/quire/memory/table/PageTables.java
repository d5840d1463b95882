package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.SharedWriterSlots;
import java.util.concurrent.atomic.AtomicLong;

/** What the page tables of one manager share. Any thread. */
public final class PageTables {

    private final SharedWriterSlots writerSlots = new SharedWriterSlots();
    private final AtomicLong generations = new AtomicLong();
    private final FramePools pools;
    private final Reclaimer reclaimer;
    private final boolean mayPromote;

    /**
     * For tables whose frames come from these pools.
     *
     * @param mayPromote whether pages of the host move to a device when they are used
     */
    public PageTables(FramePools pools, boolean mayPromote) {
        this.pools = pools;
        this.reclaimer = new Reclaimer(pools);
        this.mayPromote = mayPromote;
    }

    public FramePools pools() {
        return pools;
    }

    /** Destroys the trees that nobody lists any more. */
    public Reclaimer reclaimer() {
        return reclaimer;
    }

    SharedWriterSlots writerSlots() {
        return writerSlots;
    }

    /** A number that no node and no root has carried before. */
    long newGeneration() {
        return generations.incrementAndGet();
    }

    /** Whether it matters that the page in a frame is used: it may be evicted, or promoted. */
    public boolean tracksUse(long frame) {
        return mayPromote || !pools.isHost(frame);
    }
}
