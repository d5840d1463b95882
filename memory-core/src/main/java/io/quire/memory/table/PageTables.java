package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import io.quire.memory.guard.SharedWriterSlots;
import java.util.concurrent.atomic.AtomicLong;

/** The parts that all page tables of one manager share. Any thread. */
public final class PageTables {

    private final SharedWriterSlots writerSlots = new SharedWriterSlots();
    private final AtomicLong generations = new AtomicLong();
    private final FramePools pools;
    private final Reclaimer reclaimer;
    private final boolean mayPromote;

    /**
     * The parts for tables whose frames come from these pools.
     *
     * @param mayPromote true if pages of the host move to a device when they are used
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

    /** Returns a generation that no node and no root has had before. */
    long newGeneration() {
        return generations.incrementAndGet();
    }

    /** True if uses of the page in a frame are noted, because it may be evicted or promoted. */
    public boolean tracksUse(long frame) {
        return mayPromote || !pools.isHost(frame);
    }
}
