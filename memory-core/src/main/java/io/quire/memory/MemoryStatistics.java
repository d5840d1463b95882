package io.quire.memory;

/**
 * The counters of a manager at one moment. Events are counted since the manager was opened.
 * {@snippet file="io/quire/memory/snippets/ManagerSnippetsTest.java" region="statistics"}
 *
 * @param limitBytes the size of the host pool, in bytes
 * @param usedBytes bytes of host frames in use; frames of closed spaces count until they are given back
 * @param openSpaces spaces, forks, snapshots and cursors that are open
 * @param forks forks and snapshots that were taken, with those that {@link AddressSpace#runs},
 *        {@link io.quire.memory.structure.ForkableMap#forEach}, differences and exports take; not those that were refused
 * @param pagesZeroFilled pages that got a frame by their first write
 * @param pagesCopied shared pages that were copied for a writer
 * @param pagesReused pages that were written in place because the last other space that shared them was gone
 * @param tier what happened between the host and the devices
 * @see MemoryManager#statistics
 */
public record MemoryStatistics(long limitBytes, long usedBytes, int openSpaces, long forks, long pagesZeroFilled,
        long pagesCopied, long pagesReused, TierStatistics tier) {

    /**
     * Returns how much of the host pool is free. What closed spaces have not given back yet counts as used, though it
     * becomes free when somebody needs it.
     *
     * @return {@code limitBytes - usedBytes}
     */
    public long freeBytes() {
        return limitBytes - usedBytes;
    }
}
