package io.quire.memory.contract;

import java.io.Serial;

/** A mapping was asked for that no gap between the mappings of the space is large enough for. */
public final class OutOfAddressesException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * @param space the name of the space
     * @param sizeBytes what was asked for
     * @param limitBytes how many addresses a space has
     */
    public OutOfAddressesException(String space, long sizeBytes, long limitBytes) {
        super("no gap is large enough: space=" + space + ", sizeBytes=" + sizeBytes
                + ", addresses of a space=" + limitBytes + "; unmap something first");
    }
}
