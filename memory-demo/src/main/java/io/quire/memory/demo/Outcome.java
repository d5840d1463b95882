package io.quire.memory.demo;

import org.jspecify.annotations.Nullable;

/**
 * The result of a run.
 *
 * @param loaded the input
 * @param writer the thread that updated the map, after it has ended
 * @param forks the thread that forked the map, after it has ended
 * @param memory the use of pages and bytes
 * @param device what came out of the work of a device on the map
 * @param integrity whether every fork was right and all memory came back
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
     * @param entries how many entries
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
     * Whether every fork was right and all memory came back.
     *
     * @param compared maps whose checksum was compared: each fork once, the live map at the end
     * @param equal how many of them were equal
     * @param firstDifference the first that was not, in words; null if there is none
     * @param framesLeaked frames in use after everything was closed, of the host and of the device
     */
    record Integrity(int compared, int equal, @Nullable String firstDifference, long framesLeaked) {

        boolean isGood() {
            return equal == compared && framesLeaked == 0;
        }
    }
}
