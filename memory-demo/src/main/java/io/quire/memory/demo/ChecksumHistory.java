package io.quire.memory.demo;

/**
 * The checksum of the map after each of the last updates, for a thread that forks while the writer goes on. One thread
 * writes and one other thread looks back. The writer waits before it overwrites a checksum that the other thread may
 * need.
 */
final class ChecksumHistory {

    private static final int SIZE = 1 << 16;
    private static final int MASK = SIZE - 1;

    private final long[] checksums = new long[SIZE];
    private volatile long begun;
    private volatile long ended;
    private volatile long limit = Long.MAX_VALUE;

    /** Begins with the checksum of the map before the first update. */
    ChecksumHistory(long checksum) {
        checksums[0] = checksum;
    }

    /** Notes that the writer is about to make an update, and the checksum of the map after it. */
    void begin(long update, long checksum) {
        while (update > limit) {
            Thread.onSpinWait();
        }
        checksums[(int) update & MASK] = checksum;
        begun = update;
    }

    /** Notes that the writer has made the update. */
    void end(long update) {
        ended = update;
    }

    /**
     * Keeps all checksums from now on, until {@link #forget}.
     *
     * @return the last update that is complete
     */
    long remember() {
        // Half the size is enough: if the writer passed its check before this line, its update is at most ended + 1.
        limit = ended + SIZE / 2;
        return ended;
    }

    /** Returns every state that the map may have had between the call of {@link #remember} and now. */
    CandidateStates since(long first) {
        long last = begun;
        long[] found = new long[Math.toIntExact(last - first + 1)];
        for (int i = 0; i < found.length; i++) {
            found[i] = checksums[(int) (first + i) & MASK];
        }
        return new CandidateStates(first, found);
    }

    /** Lets the writer overwrite all checksums again. */
    void forget() {
        limit = Long.MAX_VALUE;
    }
}
