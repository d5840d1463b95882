package io.quire.memory.bench.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.structure.ForkableMap;

/**
 * The map that is forked, and what it must hold.
 *
 * @param space the live space
 * @param address where the map begins, there and in every fork
 * @param ledger what the live map holds
 */
record LoadedMap(AddressSpace space, long address, Ledger ledger) {

    /** The map in the live space or in a fork. */
    ForkableMap in(Accessor accessor) {
        return ForkableMap.open(accessor, address);
    }
}
