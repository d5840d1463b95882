package io.quire.memory.soak;

/**
 * Values that tell their writer, their cell and the number of the write. A writer writes its cells in turn, so the last
 * of its writes that a space contains determines what each of its cells holds there.
 */
final class Stamps {

    static final int CELLS = 24;

    private static final int WRITER_SHIFT = 56;
    private static final int CELL_SHIFT = 48;
    private static final long NUMBER_MASK = (1L << CELL_SHIFT) - 1;

    private Stamps() {
    }

    /** Returns what a cell holds after the first {@code writes} writes of a writer. */
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

    /** True if a value is a stamp of this writer and cell, or the zeros before its first write. */
    static boolean isOf(int writer, int cell, long stamp) {
        return stamp == 0 || (cellOf(number(stamp)) == cell && stamp == of(writer, number(stamp)));
    }
}
