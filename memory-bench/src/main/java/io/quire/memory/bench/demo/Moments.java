package io.quire.memory.bench.demo;

/**
 * What a fork may be: the map after a certain update, or after one of those that were made while the fork was
 * taken. Of a fork between two updates there is one such moment.
 */
final class Moments {

    private final long first;
    private final long[] checksums;

    /**
     * Knows the checksums of the map after the updates first, first + 1, ...
     *
     * @param first the last update that had returned when the fork began
     */
    Moments(long first, long... checksums) {
        this.first = first;
        this.checksums = checksums;
    }

    /** How many moments there are. */
    int count() {
        return checksums.length;
    }

    static Moments only(long update, long checksum) {
        return new Moments(update, checksum);
    }

    /** Whether the whole of what was read is the map as it was after the newest update that shows in it. */
    boolean include(Checksum found) {
        long moment = found.newestUpdate() - first;
        return moment >= 0 && moment < checksums.length && checksums[(int) moment] == found.sum();
    }

    /** The same in words, for one that is wrong. */
    String explain(Checksum found) {
        return "newest update found: " + found.newestUpdate()
                + ", expected: " + first + " to " + (first + checksums.length - 1)
                + "; checksum found: " + Long.toHexString(found.sum())
                + ", expected: " + expected(found.newestUpdate() - first);
    }

    private String expected(long moment) {
        return moment >= 0 && moment < checksums.length ? Long.toHexString(checksums[(int) moment]) : "none";
    }
}
