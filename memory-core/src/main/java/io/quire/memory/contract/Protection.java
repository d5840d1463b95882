package io.quire.memory.contract;

/** What may be done with mapped memory. */
public enum Protection {
    /** Every access is refused; the content is kept. */
    NONE(false, false),
    /** Reads are allowed, writes are refused. */
    READ_ONLY(true, false),
    /** Reads and writes are allowed. */
    READ_WRITE(true, true);

    private final boolean readable;
    private final boolean writable;

    Protection(boolean readable, boolean writable) {
        this.readable = readable;
        this.writable = writable;
    }

    /** Whether reads are allowed. */
    public boolean isReadable() {
        return readable;
    }

    /** Whether writes are allowed. */
    public boolean isWritable() {
        return writable;
    }
}
