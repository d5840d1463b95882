package io.quire.memory.contract;

/**
 * How long a pin is meant to be held.
 *
 * @see io.quire.memory.AddressSpace#pin
 */
public enum PinTerm {
    /**
     * For one transfer. Pages of coherent devices may be pinned. A pin that is held too long is reported in the log.
     */
    SHORT,
    /** For as long as you like. Only host pages may be pinned, and they count against a limit. */
    LONG
}
