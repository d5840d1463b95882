package io.quire.memory.bench.demo;

import org.jspecify.annotations.Nullable;

/**
 * What came out of a run.
 *
 * @param loaded the input
 * @param writer the thread that updated, when it has ended
 * @param forks the thread that forked, when it has ended
 * @param memory pages and bytes
 * @param device what a device has shown on the map
 * @param checks whether all was as it must be
 */
record Outcome(Loaded loaded, Writer writer, ForkKeeper forks, MemoryUse memory, DeviceShow device, Checks checks) {

    boolean isGood() {
        return checks.areGood() && device.isGood();
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
     * What the memory was used for.
     *
     * @param limitBytes size of the host pool
     * @param pagesMapped resident pages of the live space
     * @param pagesCopied pages copied by first writes, in all spaces
     * @param heldPeakBytes the most that forks held beside the pages of the live space
     * @param heldEndBytes the same when all forks were closed
     */
    record MemoryUse(long limitBytes, long pagesMapped, long pagesCopied, long heldPeakBytes,
            long heldEndBytes) {
    }

    /**
     * What must be right.
     *
     * @param compared maps whose checksum was compared: each fork once, the live map at the end
     * @param equal those of them that were equal
     * @param firstDifference the first that was not, in words; null if there is none
     * @param framesLeaked frames in use after everything was closed, of the host and of the device
     */
    record Checks(int compared, int equal, @Nullable String firstDifference, long framesLeaked) {

        boolean areGood() {
            return equal == compared && framesLeaked == 0;
        }
    }
}
