package io.quire.memory.contract;

/** What is done through a pin. */
public enum PinAccess {
    /** The memory is read, and shows what the space writes to it later. */
    READ,
    /** The memory is read and written. */
    WRITE
}
