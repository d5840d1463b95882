package io.quire.memory.tier;

/**
 * How many frames of a pool to keep free. Eviction begins when fewer than {@code low} frames are free, and goes on
 * until {@code high} are free: in batches, not one page at a time. Immutable; all methods are pure.
 *
 * @param low  frames; 0 means that nothing is evicted ahead of need
 * @param high frames
 */
public record Watermarks(int low, int high) {

    /** @throws IllegalArgumentException unless {@code 0 <= low <= high} */
    public Watermarks {
        if (low < 0 || low > high) {
            throw new IllegalArgumentException("want 0 <= low <= high: low=" + low + ", high=" + high);
        }
    }

    /**
     * Watermarks at shares of a pool, rounded up.
     *
     * @throws IllegalArgumentException unless {@code 0 <= lowPercent <= highPercent <= 100} and {@code frames >= 0}
     */
    public static Watermarks ofPercent(int frames, int lowPercent, int highPercent) {
        if (frames < 0 || lowPercent < 0 || lowPercent > highPercent || highPercent > 100) {
            throw new IllegalArgumentException("want 0 <= lowPercent <= highPercent <= 100 of a pool: frames=" + frames
                    + ", lowPercent=" + lowPercent + ", highPercent=" + highPercent);
        }
        return new Watermarks(share(frames, lowPercent), share(frames, highPercent));
    }

    /**
     * How many pages to evict now.
     *
     * @param free     frames that are free now
     * @param evicting true if an eviction has begun and has not reached {@code high} yet
     * @return frames; 0 while there are enough
     */
    public int toEvict(int free, boolean evicting) {
        return evicting || free < low ? Math.max(0, high - free) : 0;
    }

    private static int share(int frames, int percent) {
        return (int) (((long) frames * percent + 99) / 100);
    }
}
