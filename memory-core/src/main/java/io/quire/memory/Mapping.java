package io.quire.memory;

import io.quire.memory.contract.Protection;

/**
 * A range of mapped addresses with one protection. It may be a part of a mapping, if its neighbours are protected
 * otherwise.
 *
 * @param address the first address, a multiple of 4096
 * @param sizeBytes the size, a multiple of 4096
 * @param protection what may be done there
 * @see AddressSpace#mappings
 */
public record Mapping(long address, long sizeBytes, Protection protection) {

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
        return "[0x" + Long.toHexString(address) + ", 0x" + Long.toHexString(end()) + ") " + protection;
    }
}
