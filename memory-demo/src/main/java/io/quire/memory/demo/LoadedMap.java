package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.structure.ForkableMap;

/**
 * The map that is forked, and what the live map must hold.
 *
 * @param space the live space
 * @param address where the map begins, there and in every fork
 * @param expected what the live map must hold
 */
record LoadedMap(AddressSpace space, long address, ExpectedMap expected) {

    /** Opens the map in the live space or in a fork. */
    ForkableMap in(Accessor accessor) {
        return ForkableMap.open(accessor, address);
    }
}
