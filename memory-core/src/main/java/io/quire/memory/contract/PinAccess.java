package io.quire.memory.contract;

/**
 * What may be done through a pin.
 *
 * @see io.quire.memory.AddressSpace#pin
 */
public enum PinAccess {
    /**
     * Read the memory. The pin shows what the space writes to it later, so a shared page is copied for the space first.
     */
    READ,
    /** Read and write the memory. */
    WRITE
}
