package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Mappings;
import io.quire.memory.table.PageTable;
import java.util.List;

/**
 * Snapshots of two spaces of one lineage, which nobody else can reach. So their trees stay as they are, whatever
 * happens to the two spaces meanwhile.
 */
final class SnapshotPair implements AutoCloseable {

    private final AddressSpace base;
    private final AddressSpace current;

    private SnapshotPair(AddressSpace base, AddressSpace current) {
        this.base = base;
        this.current = current;
    }

    /**
     * Takes the snapshots.
     *
     * @throws IllegalArgumentException if the spaces are of two lineages
     */
    static SnapshotPair of(AddressSpace base, AddressSpace current) {
        requireOneLineage(base, current);
        AddressSpace first = base.snapshot("base " + base.name());
        boolean complete = false;
        try {
            SnapshotPair pair = new SnapshotPair(first, current.snapshot("compared " + current.name()));
            complete = true;
            return pair;
        } finally {
            if (!complete) {
                first.close();
            }
        }
    }

    /** Throws unless one of two spaces was forked from the other one, or both were from a third one, to any depth. */
    static void requireOneLineage(AddressSpace base, AddressSpace current) {
        if (SpaceFinder.of(base).state().lineage() != SpaceFinder.of(current).state().lineage()) {
            throw new IllegalArgumentException(
                    "the spaces share no page, because neither was forked from the other nor "
                            + "both from a third one: base=" + base.name() + ", space=" + current.name());
        }
    }

    AddressSpace base() {
        return base;
    }

    AddressSpace current() {
        return current;
    }

    /** Finds the pages that are in different frames. */
    TreeComparison compare() {
        return TreeComparison.between(table(base), table(current));
    }

    /** True if both have the very same mappings, which forks share until one of them changes its own. */
    @SuppressWarnings("ReferenceEquality") // equal ones would have to be compared first
    boolean shareMappings() {
        Mappings theirs = table(base).root().mappings();
        return theirs == table(current).root().mappings();
    }

    static PageTable table(AddressSpace space) {
        return SpaceFinder.of(space).table();
    }

    static AddressRanges mapped(AddressSpace space) {
        List<Mapping> mappings = space.mappings();
        return AddressRanges.of(mappings);
    }

    @Override
    public void close() {
        try (AddressSpace _ = base) {
            current.close();
        }
    }

    @Override
    public String toString() {
        return "SnapshotPair[" + base.name() + ", " + current.name() + "]";
    }
}
