package io.quire.memory.contract;

/**
 * What kind of memory a pool is.
 *
 * @see io.quire.memory.MemoryPool#kind
 */
public enum PoolKind {
    /** Ordinary memory. Only here are long-term pins allowed. */
    HOST,
    /** Memory of a device that the processor can load and store. A read never moves a page away. */
    DEVICE_COHERENT,
    /** Memory of a device that the processor cannot address. An access by the processor brings the page to the host. */
    DEVICE_PRIVATE
}
