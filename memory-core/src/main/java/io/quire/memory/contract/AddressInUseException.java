package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a mapping is asked for at addresses that are mapped already, or that lie less than a page from a mapping.
 *
 * @see io.quire.memory.AddressSpace#mapAt(long, long, Protection)
 */
public final class AddressInUseException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The first address of the mapping that is in the way. */
    private final long address;

    /**
     * Creates an exception.
     *
     * @param space the name of the space
     * @param address where the mapping was to begin
     * @param sizeBytes the size of the mapping that was asked for
     * @param taken the first address of the mapping that is in the way
     * @param mapping that mapping, in words
     */
    public AddressInUseException(String space, long address, long sizeBytes, long taken, String mapping) {
        super("addresses are in use, or lie less than a page from a mapping: space=" + space + ", address=0x"
                + Long.toHexString(address) + ", sizeBytes=" + sizeBytes + ", mapping=" + mapping);
        this.address = taken;
    }

    /**
     * Returns the first address of the mapping that is in the way.
     *
     * @return a multiple of 4096
     */
    public long address() {
        return address;
    }
}
