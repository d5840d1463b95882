package io.quire.memory.table;

/**
 * How one thread gets into a writer slot of a space, and out of it: its own slot, or one that it claims for the moment.
 */
public interface WriterStay {

    /** Promises that the thread writes nothing before it enters a slot, so that nobody need wait for it until then. */
    void pause();

    /**
     * Enters a slot. What the thread finds afterwards stays until {@link #exit}, because whoever takes it away waits
     * for the slot.
     */
    void enter();

    /**
     * Leaves the slot.
     *
     * @param version of the space, looked at or made in the slot
     */
    void exit(long version);
}
