package io.quire.memory.contract;

/**
 * What happens to a long-term pin of a page that lies on a coherent device.
 *
 * @see io.quire.memory.MemoryManager.Builder#longTermPolicy
 */
public enum LongTermPolicy {
    /** The pin is refused with a {@link LongTermPinException}. */
    REFUSE,
    /** The page moves to the host and is pinned there. */
    MIGRATE
}
