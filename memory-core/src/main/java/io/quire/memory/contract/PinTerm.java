package io.quire.memory.contract;

/** How long a pin is meant to be held. */
public enum PinTerm {
    /** For one transfer. Allowed on coherent pages; one that is held too long is reported. */
    SHORT,
    /** For as long as somebody likes. Host pages only, and counted against a limit. */
    LONG
}
