package io.quire.memory.demo;

/**
 * The checksum of the map after each of the last updates, for a thread that forks while the writer goes on. One thread
 * writes and one other looks back. While it looks back, the writer waits before it overwrites what is looked at.
 */
final class ChecksumHistory {

    private static final int SIZE = 1 << 16;
    private static final int MASK = SIZE - 1;

    private final long[] checksums = new long[SIZE];
    private volatile long begun;
    private volatile long ended;
    private volatile long limit = Long.MAX_VALUE;

    /** Starts with the checksum of the map before the first update. */
    ChecksumHistory(long checksum) {
        checksums[0] = checksum;
    }

    /** The writer is about to make an update, after which the map will have the checksum. */
    void begin(long update, long checksum) {
        while (update > limit) {
            Thread.onSpinWait();
        }
        checksums[(int) update & MASK] = checksum;
        begun = update;
    }

    /** The writer has made the update. */
    void end(long update) {
        ended = update;
    }

    /**
     * Keeps everything from now on, until {@link #forget}.
     *
     * @return the last update that has been made
     */
    long remember() {
        // Half the size is enough: an update that passed the check before this line is at most one after the result.
        limit = ended + SIZE / 2;
        return ended;
    }

    /** Every state that the map may have had between a call of {@link #remember} and now. */
    CandidateStates since(long first) {
        long last = begun;
        long[] found = new long[Math.toIntExact(last - first + 1)];
        for (int i = 0; i < found.length; i++) {
            found[i] = checksums[(int) (first + i) & MASK];
        }
        return new CandidateStates(first, found);
    }

    /** Lets the writer overwrite everything again. */
    void forget() {
        limit = Long.MAX_VALUE;
    }
}
