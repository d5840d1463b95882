package io.quire.memory.frame;

/**
 * The state word of one frame. All methods are pure; {@link FramePool} publishes their results.
 * <pre>
 *  63                        36 35                   20 19                   0
 * +----------------------------+-----------------------+----------------------+
 * |          reserved          |      INCARNATION      |      REFERENCES      |
 * +----------------------------+-----------------------+----------------------+
 *               28                        16                      20      bits
 *
 *           allocate                 acquire
 *   FREE -------------> 1 reference &lt;---------> n references
 *    ^                       |       release
 *    +-----------------------+
 *       release, incarnation + 1
 * </pre>
 * A reference is one page table leaf that maps the frame.
 */
final class FrameWord {

    // Low to high. Change a width here and every shift and mask below follows.
    private static final int REFERENCES_BITS = 20;
    private static final int INCARNATION_BITS = 16;

    private static final int INCARNATION_SHIFT = REFERENCES_BITS;

    private static final long REFERENCES_MASK = (1L << REFERENCES_BITS) - 1;
    private static final long INCARNATION_MASK = (1L << INCARNATION_BITS) - 1;

    /** The most references a frame can have. */
    static final int REFERENCES_MAX = (int) REFERENCES_MASK;

    /** No transition from here. Never a word, because the high bits of a word are clear. */
    static final long REFUSED = -1L;

    private FrameWord() {
    }

    static long of(int incarnation, int references) {
        return (incarnation & INCARNATION_MASK) << INCARNATION_SHIFT | (references & REFERENCES_MASK);
    }

    static int references(long word) {
        return (int) (word & REFERENCES_MASK);
    }

    /** Counts the lives of the frame, modulo 65,536. */
    static int incarnation(long word) {
        return (int) ((word >>> INCARNATION_SHIFT) & INCARNATION_MASK);
    }

    /** FREE -> one reference. */
    static long allocate(long word) {
        return references(word) == 0 ? of(incarnation(word), 1) : REFUSED;
    }

    /** At least one reference, with room for one more -> one more. */
    static long acquire(long word) {
        int references = references(word);
        return references > 0 && references < REFERENCES_MAX ? of(incarnation(word), references + 1) : REFUSED;
    }

    /** At least one reference -> one less; the last one begins a new incarnation. */
    static long release(long word) {
        int references = references(word);
        return switch (references) {
            case 0 -> REFUSED;
            case 1 -> of(incarnation(word) + 1, 0);
            default -> of(incarnation(word), references - 1);
        };
    }

    static String toString(long word) {
        return (references(word) == 0 ? "FREE" : "references=" + references(word))
                + " incarnation=" + incarnation(word);
    }
}
