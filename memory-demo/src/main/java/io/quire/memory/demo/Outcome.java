package io.quire.memory.demo;

import org.jspecify.annotations.Nullable;

/**
 * The result of a run.
 *
 * @param loaded the input
 * @param writer the thread that updated the map, after it has ended
 * @param forks the thread that forked the map, after it has ended
 * @param memory the use of pages and bytes
 * @param device the result of the work of a device on the map
 * @param integrity tells if every fork was right and all memory came back
 */
record Outcome(Loaded loaded, Writer writer, ForkKeeper forks, MemoryUse memory, DeviceOutcome device,
        Integrity integrity) {

    boolean isGood() {
        return integrity.isGood() && device.isGood();
    }

    /**
     * The map before the first update.
     *
     * @param input what was loaded, in words
     * @param entries the number of entries
     * @param sizeBytes bytes of content
     * @param nanos how long it took to load
     */
    record Loaded(String input, long entries, long sizeBytes, long nanos) {
    }

    /**
     * How the memory was used.
     *
     * @param limitBytes size of the host pool
     * @param pagesMapped resident pages of the live space
     * @param pagesCopied pages copied by first writes, in all spaces
     * @param heldPeakBytes the most that forks held in addition to the pages of the live space
     * @param heldEndBytes the same after all forks were closed
     */
    record MemoryUse(long limitBytes, long pagesMapped, long pagesCopied, long heldPeakBytes,
            long heldEndBytes) {
    }

    /**
     * Tells if every fork was right and all memory came back.
     *
     * @param compared how many checksums were compared: that of each fork, and at the end that of the live map
     * @param equal how many of them were right
     * @param firstDifference the first map that was wrong, in words; null if there is none
     * @param framesLeaked frames in use after everything was closed, of the host and of the device
     */
    record Integrity(int compared, int equal, @Nullable String firstDifference, long framesLeaked) {

        boolean isGood() {
            return equal == compared && framesLeaked == 0;
        }
    }
}
