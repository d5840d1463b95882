package io.quire.memory.demo;

/**
 * The states of the map of which a fork may be a copy: the state before the fork was taken, and those after each update
 * that was made meanwhile. A fork taken between two updates has one candidate.
 */
final class CandidateStates {

    private final long firstUpdate;
    private final long[] checksums;

    /**
     * Candidates after the updates {@code firstUpdate}, {@code firstUpdate + 1}, and so on.
     *
     * @param firstUpdate the last update that had returned when the fork began
     * @param checksums of the map after each of these updates
     */
    CandidateStates(long firstUpdate, long... checksums) {
        this.firstUpdate = firstUpdate;
        this.checksums = checksums;
    }

    /** The only candidate of a fork that was taken between two updates. */
    static CandidateStates only(long update, long checksum) {
        return new CandidateStates(update, checksum);
    }

    /** How many candidates there are. */
    int count() {
        return checksums.length;
    }

    /** Whether what was read is, as a whole, the map after the newest update that was found in it. */
    boolean include(Checksum found) {
        long index = found.newestUpdate() - firstUpdate;
        return index >= 0 && index < checksums.length && checksums[(int) index] == found.sum();
    }

    /** Why {@link #include} is false, in words. */
    String explain(Checksum found) {
        return "newest update found: " + found.newestUpdate()
                + ", expected: " + firstUpdate + " to " + (firstUpdate + checksums.length - 1)
                + "; checksum found: " + Long.toHexString(found.sum())
                + ", expected: " + expected(found.newestUpdate() - firstUpdate);
    }

    private String expected(long index) {
        return index >= 0 && index < checksums.length ? Long.toHexString(checksums[(int) index]) : "none";
    }
}
