package io.quire.memory.space;

import io.quire.memory.table.Mappings;
import io.quire.memory.table.Root;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a space held when it was snapshotted or read back, by a name that no other moment has in any process. An export
 * has this name, and an incremental one also that of the moment that it builds on.
 * <p>
 * A snapshot holds its moment as long as it is open. A space that can be written holds one until its first change: no
 * root has the generation of its top, so the first change of a page gives the space a top of another generation, and a
 * change of the mappings gives it other mappings.
 */
final class Moment {

    private final UUID id;
    private final long generation;
    private final Mappings mappings;

    /**
     * Names what a space shows now; under its lock.
     *
     * @param root of the space; if the space can be written, one that does not own its top
     */
    Moment(UUID id, Root root) {
        this.id = id;
        this.generation = root.top().generation();
        this.mappings = root.mappings();
    }

    /** The name. */
    UUID id() {
        return id;
    }

    /** Returns a moment if a root still shows it, and null otherwise. */
    @SuppressWarnings("ReferenceEquality") // the very same mappings
    static @Nullable Moment ifHeld(@Nullable Moment moment, Root root) {
        return moment != null && root.top().isOwnedBy(moment.generation) && root.mappings() == moment.mappings ? moment
                : null;
    }

    @Override
    public String toString() {
        return "Moment[" + id + "]";
    }
}
