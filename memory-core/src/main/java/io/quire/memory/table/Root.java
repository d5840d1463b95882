package io.quire.memory.table;

import org.jspecify.annotations.Nullable;

/**
 * What a space is at one moment: its tree, the generation whose nodes it may change in place, and its mappings.
 * Immutable: a fork or a change of the mappings replaces it. So does whoever takes a page away or moves it: while a
 * space has the same root <em>object</em>, only first writes change which frame a page has.
 */
public record Root(Directory top, long generation, Mappings mappings) {

    /** The root of a space without any mapping. */
    public static Root empty(long generation) {
        return new Root(new LeafDirectory(generation), generation, Mappings.NONE);
    }

    /** The directory that lists the leaf of an address; null if nothing was ever written there. */
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

    /**
     * The start of the first leaf that maps something between two addresses; it may be before {@code from}. Subtrees
     * that do not exist cost nothing.
     *
     * @return {@code end} if there is no such leaf
     */
    public long nextLeaf(long from, long end) {
        long leaf = nextLeaf(top, 0, from, end);
        return leaf < 0 ? end : leaf;
    }

    private static long nextLeaf(Directory node, long base, long from, long end) {
        int shift = node.childShift();
        for (long i = from <= base ? 0 : (from - base) >>> shift; i < Geometry.FAN_OUT; i++) {
            long start = base + (i << shift);
            if (start >= end) {
                break;
            }
            long leaf = switch (node) {
                case LeafDirectory directory -> directory.leaf((int) i) == null ? -1 : start;
                case UpperDirectory upper -> {
                    Directory child = upper.child((int) i);
                    yield child == null ? -1 : nextLeaf(child, start, from, end);
                }
            };
            if (leaf >= 0) {
                return leaf;
            }
        }
        return -1;
    }

    /** The same in a new object: first writes that have begun with this one start again. */
    public Root renewed() {
        return new Root(top, generation, mappings);
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
