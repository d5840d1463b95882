package io.quire.memory.contract;

import java.io.Serial;

/** Thrown if an access or an operation names an address that is not mapped. */
public final class AddressNotMappedException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** The address that is not mapped. */
    private final long address;

    /**
     * Creates an exception.
     *
     * @param space the name of the space
     * @param address the first address that is not mapped
     * @param nearest the nearest mapping, in words
     */
    public AddressNotMappedException(String space, long address, String nearest) {
        super("address is not mapped: space=" + space + ", address=0x" + Long.toHexString(address)
                + ", nearest mapping=" + nearest);
        this.address = address;
    }

    /**
     * Returns the address that is not mapped.
     *
     * @return of a range the first such address
     */
    public long address() {
        return address;
    }
}
