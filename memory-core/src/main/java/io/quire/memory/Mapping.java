package io.quire.memory;

import io.quire.memory.contract.Protection;

/**
 * Addresses of a space that are mapped and protected alike: a mapping, or the part of one whose protection differs from
 * that of its neighbours.
 *
 * @param address the first address, a multiple of 4096
 * @param sizeBytes whole pages
 * @param protection what may be done there
 */
public record Mapping(long address, long sizeBytes, Protection protection) {

    /** The first address behind it. */
    public long end() {
        return address + sizeBytes;
    }

    @Override
    public String toString() {
        return "[0x" + Long.toHexString(address) + ", 0x" + Long.toHexString(end()) + ") " + protection;
    }
}
