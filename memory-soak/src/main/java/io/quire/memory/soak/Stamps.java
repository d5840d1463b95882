package io.quire.memory.soak;

/**
 * Values that say who wrote them, where, and as which of its writes. A writer goes over its cells in turn, so the last
 * write that is in a space says what every cell of that writer holds there.
 */
final class Stamps {

    static final int CELLS = 24;

    private static final int WRITER_SHIFT = 56;
    private static final int CELL_SHIFT = 48;
    private static final long NUMBER_MASK = (1L << CELL_SHIFT) - 1;

    private Stamps() {
    }

    /** What a cell holds once a writer has done its first so many writes. */
    static long after(int writer, int cell, long writes) {
        long last = writes - Math.floorMod(writes - cell, CELLS);
        return last <= 0 ? 0 : of(writer, last);
    }

    static int cellOf(long number) {
        return (int) (number % CELLS);
    }

    static long of(int writer, long number) {
        return (writer + 1L) << WRITER_SHIFT | (long) cellOf(number) << CELL_SHIFT | number;
    }

    static long number(long stamp) {
        return stamp & NUMBER_MASK;
    }

    /** Whether it is one of this writer and this cell, or the zeros before the first. */
    static boolean isOf(int writer, int cell, long stamp) {
        return stamp == 0 || (cellOf(number(stamp)) == cell && stamp == of(writer, number(stamp)));
    }
}
