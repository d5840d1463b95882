package io.quire.memory.structure;

/**
 * Goes through the records of a {@link ForkableLog}, from one position to the end. It can go on when more was appended,
 * and another cursor can go on at its {@link #nextPosition()}, in a fork too.
 * {@snippet file="io/quire/memory/snippets/LogSnippetsTest.java" region="log-cursor"}
 * <p>
 * <b>Threads.</b> One at a time. It shows the log as it is when each method is called, and holds nothing that would
 * have to be closed. To read the records of one moment open it on a {@linkplain ForkableLog#snapshot() snapshot}.
 */
public final class LogCursor {

    private final ForkableLog log;
    private long position;
    private long nextPosition;
    private int length = LogRing.NONE;

    LogCursor(ForkableLog log, long position) {
        this.log = log;
        this.position = position;
        this.nextPosition = position;
    }

    /**
     * Goes to the next record. If there is none, stays at the current one; a later call finds what was appended since.
     *
     * @return false if there is no further record
     * @throws IllegalStateException if the next record was cut, so that this cursor cannot go on; or if the log is
     *         damaged
     * @throws io.quire.memory.contract.MemoryException if {@link ForkableLog#read} throws it
     */
    public boolean next() {
        if (nextPosition >= log.endPosition()) {
            return false;
        }
        length = log.lengthOfNext(nextPosition);
        position = nextPosition;
        nextPosition += RecordWord.stride(length);
        return true;
    }

    /**
     * Returns the position of the current record.
     *
     * @return the position; before the first {@link #next()} that where this begins
     */
    public long position() {
        return position;
    }

    /**
     * Returns the position of the next record, whether it was appended already or not.
     *
     * @return where {@link ForkableLog#cursor(long)} goes on
     */
    public long nextPosition() {
        return nextPosition;
    }

    /**
     * Returns the length of the current record.
     *
     * @return in bytes; 0 or more
     * @throws IllegalStateException before the first {@link #next()} that returned true
     */
    public int length() {
        if (length < 0) {
            throw new IllegalStateException("call next() before the first record: " + this);
        }
        return length;
    }

    /**
     * Returns a copy of the current record.
     *
     * @return the bytes
     * @throws IllegalStateException before the first {@link #next()} that returned true
     * @throws IllegalArgumentException if the record was cut since
     * @throws io.quire.memory.contract.MemoryException if {@link ForkableLog#read} throws it
     */
    public byte[] record() {
        length(); // refuses a cursor that has not begun
        return log.read(position);
    }

    @Override
    public String toString() {
        return "LogCursor[" + log + ", position=" + position + ", nextPosition=" + nextPosition + "]";
    }
}
