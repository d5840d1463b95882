package io.quire.memory.frame;

/**
 * The state word of one frame. All methods are pure; {@link FramePool} publishes their results.
 * <pre>
 *  63      52 51            36 35                   20 19                   0
 * +----------+----------------+-----------------------+----------------------+
 * | reserved |     HOLDS      |      INCARNATION      |      REFERENCES      |
 * +----------+----------------+-----------------------+----------------------+
 *      12            16                  16                      20      bits
 *
 *           allocate                    acquire
 *   FREE -------------> 1 reference &lt;-------------> n references
 *    ^                    |     |       release         (each with any number of holds)
 *    |      last release, |     | last release,
 *    |           no holds |     | held
 *    +--------------------+     |
 *    |                          v
 *    +--------------------- only held
 *         last releaseHold
 *
 *   releaseHeld is some releases and one releaseHold in one step
 * </pre>
 * A reference is one page table leaf that maps the frame. A hold is a pin, or a migration that copies the frame: it
 * keeps the frame from being free, but is no sharer. A frame that becomes free begins a new incarnation.
 */
final class FrameWord {

    // Low to high. Change a width here and every shift and mask below follows.
    private static final int REFERENCES_BITS = 20;
    private static final int INCARNATION_BITS = 16;
    private static final int HOLDS_BITS = 16;

    private static final int INCARNATION_SHIFT = REFERENCES_BITS;
    private static final int HOLDS_SHIFT = INCARNATION_SHIFT + INCARNATION_BITS;

    private static final long REFERENCES_MASK = (1L << REFERENCES_BITS) - 1;
    private static final long INCARNATION_MASK = (1L << INCARNATION_BITS) - 1;
    private static final long HOLDS_MASK = (1L << HOLDS_BITS) - 1;

    private static final long REFERENCE = 1;
    private static final long HOLD = 1L << HOLDS_SHIFT;

    /** References and holds: all but the incarnation. */
    private static final long SHARES_MASK = HOLDS_MASK << HOLDS_SHIFT | REFERENCES_MASK;

    /** The most references a frame can have. */
    static final int REFERENCES_MAX = (int) REFERENCES_MASK;

    /** The most holds a frame can have. */
    static final int HOLDS_MAX = (int) HOLDS_MASK;

    /** No transition from here. Never a word, because the high bits of a word are clear. */
    static final long REFUSED = -1L;

    private FrameWord() {
    }

    static long of(int incarnation, int references, int holds) {
        return ((holds & HOLDS_MASK) << HOLDS_SHIFT) | ((incarnation & INCARNATION_MASK) << INCARNATION_SHIFT)
                | (references & REFERENCES_MASK);
    }

    static int references(long word) {
        return (int) (word & REFERENCES_MASK);
    }

    /** How often the frame became free, modulo 65,536. */
    static int incarnation(long word) {
        return (int) ((word >>> INCARNATION_SHIFT) & INCARNATION_MASK);
    }

    static int holds(long word) {
        return (int) ((word >>> HOLDS_SHIFT) & HOLDS_MASK);
    }

    static boolean isFree(long word) {
        return (word & SHARES_MASK) == 0;
    }

    /** True if the frame has one reference and no hold. */
    static boolean isSole(long word) {
        return (word & SHARES_MASK) == REFERENCE;
    }

    /** FREE -> one reference. */
    static long allocate(long word) {
        return isFree(word) ? word + REFERENCE : REFUSED;
    }

    /** At least one reference, with room for one more -> one more. */
    static long acquire(long word) {
        int references = references(word);
        return references > 0 && references < REFERENCES_MAX ? word + REFERENCE : REFUSED;
    }

    /** At least one reference -> one fewer; the last one frees a frame without holds. */
    static long release(long word) {
        return references(word) == 0 ? REFUSED : settled(word - REFERENCE);
    }

    /** At least one reference, with room for one more hold -> one more. */
    static long hold(long word) {
        return references(word) > 0 && holds(word) < HOLDS_MAX ? word + HOLD : REFUSED;
    }

    /** At least one hold -> one fewer; the last one frees a frame without references. */
    static long releaseHold(long word) {
        return holds(word) == 0 ? REFUSED : settled(word - HOLD);
    }

    /** At least {@code references} references and one hold -> that many and one hold fewer; frees if none is left. */
    static long releaseHeld(long word, int references) {
        return references(word) < references || holds(word) == 0 ? REFUSED
                : settled(word - references * REFERENCE - HOLD);
    }

    private static long settled(long word) {
        return isFree(word) ? of(incarnation(word) + 1, 0, 0) : word;
    }

    static String toString(long word) {
        return (isFree(word) ? "FREE" : "references=" + references(word) + " holds=" + holds(word))
                + " incarnation=" + incarnation(word);
    }
}
