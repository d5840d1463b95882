package io.quire.memory.contract;

import java.io.Serial;

/**
 * Thrown if a structure in a space has no room left in its region for what was to be added.
 *
 * @see io.quire.memory.structure.ForkableMap#create
 */
public final class StructureFullException extends MemoryException {

    @Serial
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param structure the kind and the address of the structure
     * @param neededBytes the size of the block that there was no room for
     * @param usedBytes how much of the region was handed out so far, with what is free again
     * @param regionBytes the size of the region
     */
    public StructureFullException(String structure, long neededBytes, long usedBytes, long regionBytes) {
        super("no room is left in the region: " + structure + ", neededBytes=" + neededBytes
                + ", usedBytes=" + usedBytes + ", regionBytes=" + regionBytes
                + "; create it with a larger region, which costs addresses only");
    }
}
