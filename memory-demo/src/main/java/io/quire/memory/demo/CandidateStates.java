package io.quire.memory.demo;

/**
 * The states of the map that a fork may be a copy of: the state before the fork was taken, and the state after each
 * update that was made meanwhile. A fork that was taken between two updates has one candidate.
 */
final class CandidateStates {

    private final long firstUpdate;
    private final long[] checksums;

    /**
     * The states after the updates {@code firstUpdate}, {@code firstUpdate + 1}, and so on.
     *
     * @param firstUpdate the last update that had returned when the fork began
     * @param checksums the checksums of the map after each of these updates
     */
    CandidateStates(long firstUpdate, long... checksums) {
        this.firstUpdate = firstUpdate;
        this.checksums = checksums;
    }

    /** Returns the only candidate of a fork that was taken between two updates. */
    static CandidateStates only(long update, long checksum) {
        return new CandidateStates(update, checksum);
    }

    /** Returns the number of candidates. */
    int count() {
        return checksums.length;
    }

    /** Returns true if the map that was read equals the map after the newest update found in it. */
    boolean include(Checksum found) {
        long index = found.newestUpdate() - firstUpdate;
        return index >= 0 && index < checksums.length && checksums[(int) index] == found.sum();
    }

    /** Says why {@link #include} returned false. */
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
