package io.quire.memory.contract;

/**
 * What may be done with mapped memory.
 *
 * @see io.quire.memory.AddressSpace#protect
 */
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

    /**
     * Tells if reads are allowed.
     *
     * @return true unless {@link #NONE}
     */
    public boolean isReadable() {
        return readable;
    }

    /**
     * Tells if writes are allowed.
     *
     * @return true for {@link #READ_WRITE}
     */
    public boolean isWritable() {
        return writable;
    }
}
