package io.quire.memory.transfer;

/**
 * Pages that lie side by side and may differ between two spaces, all of them in the same way.
 *
 * @param address the first address, a multiple of 4096
 * @param sizeBytes the size, a multiple of 4096
 * @param before what the pages have in the base
 * @param after what the pages have in the other space
 * @see SpaceDifference#ranges
 */
public record ChangedRange(long address, long sizeBytes, PageContent before, PageContent after) {

    /**
     * Returns the address behind the range.
     *
     * @return {@code address + sizeBytes}
     */
    public long end() {
        return address + sizeBytes;
    }

    @Override
    public String toString() {
        return "[0x" + Long.toHexString(address) + ", 0x" + Long.toHexString(end()) + ") " + before + " -> " + after;
    }
}
