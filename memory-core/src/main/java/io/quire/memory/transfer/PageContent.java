package io.quire.memory.transfer;

/**
 * What a page has to show.
 *
 * @see ChangedRange
 */
public enum PageContent {
    /** The page is mapped and was written. It may hold nothing but zeros. */
    WRITTEN,
    /** The page is mapped, and was never written or was discarded: it reads as zeros. */
    HOLE,
    /** The page is not mapped: it cannot be read. */
    UNMAPPED
}
