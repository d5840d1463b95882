package io.quire.memory.contract;

/** What happens to a long-term pin of a page that lies in coherent memory. */
public enum LongTermPolicy {
    /** It is refused with a {@link LongTermPinException}. */
    REFUSE,
    /** The page moves to the host and is pinned there. */
    MIGRATE
}
