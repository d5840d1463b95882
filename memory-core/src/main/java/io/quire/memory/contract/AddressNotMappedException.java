package io.quire.memory.contract;

import java.io.Serial;

/** An access or an operation named an address that no mapping of the space covers. */
public final class AddressNotMappedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final long address;

    /**
     * @param space the name of the space
     * @param address the first address that is not mapped
     * @param nearest the nearest mapping, in words
     */
    public AddressNotMappedException(String space, long address, String nearest) {
        super("address is not mapped: space=" + space + ", address=0x" + Long.toHexString(address)
                + ", nearest mapping=" + nearest);
        this.address = address;
    }

    /** The first address that is not mapped. */
    public long address() {
        return address;
    }
}
