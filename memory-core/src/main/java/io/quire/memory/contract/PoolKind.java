package io.quire.memory.contract;

/** What kind of memory a pool is. */
public enum PoolKind {
    /** Ordinary memory. Long-term pins are allowed here only. */
    HOST,
    /** Memory of a device that the processor loads and stores like any other. A read never moves a page away. */
    DEVICE_COHERENT,
    /** Memory of a device that the processor cannot address: an access brings the page to the host. */
    DEVICE_PRIVATE
}
