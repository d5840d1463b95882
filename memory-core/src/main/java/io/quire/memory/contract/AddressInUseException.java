package io.quire.memory.contract;

import java.io.Serial;

/** A mapping was asked for at addresses that a mapping has already, or that lie less than a page from one. */
public final class AddressInUseException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final long address;

    /**
     * @param space the name of the space
     * @param address where the mapping was to begin
     * @param sizeBytes of the mapping that was asked for
     * @param taken the first address of the mapping that is in the way
     * @param mapping that mapping, in words
     */
    public AddressInUseException(String space, long address, long sizeBytes, long taken, String mapping) {
        super("addresses are in use, or lie less than a page from a mapping: space=" + space + ", address=0x"
                + Long.toHexString(address) + ", sizeBytes=" + sizeBytes + ", mapping=" + mapping);
        this.address = taken;
    }

    /** The first address of the mapping that is in the way. */
    public long address() {
        return address;
    }
}
