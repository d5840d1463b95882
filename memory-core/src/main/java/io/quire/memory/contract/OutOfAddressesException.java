package io.quire.memory.contract;

import java.io.Serial;

/** Thrown if a mapping is asked for and no gap between the mappings of the space is large enough. */
public final class OutOfAddressesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param space the name of the space
     * @param sizeBytes the size that was asked for
     * @param limitBytes how many addresses a space has
     */
    public OutOfAddressesException(String space, long sizeBytes, long limitBytes) {
        super("no gap is large enough: space=" + space + ", sizeBytes=" + sizeBytes
                + ", addresses of a space=" + limitBytes + "; unmap something first");
    }
}
