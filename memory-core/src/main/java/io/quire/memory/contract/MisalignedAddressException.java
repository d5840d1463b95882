package io.quire.memory.contract;

import java.io.Serial;

/** Thrown if an atomic or ordered access is asked for at an address that is no multiple of its size. */
public final class MisalignedAddressException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param address the address
     * @param sizeBytes what it has to be a multiple of
     */
    public MisalignedAddressException(long address, int sizeBytes) {
        super("address must be a multiple of the size for an ordered or atomic access: address=0x"
                + Long.toHexString(address) + ", sizeBytes=" + sizeBytes);
    }
}
