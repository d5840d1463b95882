package io.quire.memory.table;

import org.jspecify.annotations.Nullable;

/**
 * What a space is at one moment: its tree, the generation whose nodes it may change in place, and its mappings.
 * Immutable; a fork, or a change of the mappings, replaces it.
 */
public record Root(Directory top, long generation, Mappings mappings) {

    /** The root of a space without any mapping. */
    public static Root empty(long generation) {
        return new Root(new LeafDirectory(generation), generation, Mappings.NONE);
    }

    /** The directory that lists the leaf of an address, or null if nothing there was ever written. */
    public @Nullable LeafDirectory directory(long address) {
        Directory node = top;
        if (address < 0 || address >= node.span()) {
            return null;
        }
        while (node instanceof UpperDirectory upper) {
            node = upper.child(upper.childIndex(address));
        }
        return (LeafDirectory) node;
    }

    public Root withTop(Directory newTop) {
        return new Root(newTop, generation, mappings);
    }

    public Root withGeneration(long newGeneration) {
        return new Root(top, newGeneration, mappings);
    }

    public Root withMappings(Mappings newMappings) {
        return new Root(top, generation, newMappings);
    }
}
