package io.quire.memory.structure;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import org.jspecify.annotations.Nullable;

/**
 * What all structures have in common: each lives wholly inside a space, at an address, and is forked with the space.
 *
 * @param <S> the structure itself
 */
public abstract sealed class ForkableStructure<S extends ForkableStructure<S>>
        permits ForkableMap, ForkableLongMap, ForkableArray, ForkableLog {

    ForkableStructure() {
    }

    /**
     * Returns where the structure begins.
     *
     * @return the address; the same in every fork
     */
    public abstract long address();

    /**
     * Opens the same structure through another access, such as an accessor of the calling thread.
     *
     * @param access to the same space, or to another space that has this structure at the same address, such as a fork
     * @return the structure, for the threads that may use the access
     * @throws IllegalArgumentException if the access leads to another structure or to none
     */
    public abstract S with(MemoryAccess access);

    /** The access that this was opened through. */
    abstract MemoryAccess access();

    /** The space that the structure lives in. */
    final AddressSpace space() {
        return access() instanceof Accessor accessor ? accessor.space() : (AddressSpace) access();
    }

    /**
     * Makes a writable copy of the structure and of everything else in its space, with a generated name.
     *
     * @return the copy, to be closed by the caller
     * @see #fork(String)
     */
    public final StructureFork<S> fork() {
        return fork(null);
    }

    /**
     * Makes a writable copy of the structure and of everything else in its space, as {@link AddressSpace#fork(String)}
     * does: in the same time for any size. Any thread may call it, also while another one changes the structure.
     *
     * @param name of the new space, for messages and statistics; null for a generated one
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.MemoryException if {@link AddressSpace#fork(String)} throws it
     */
    public final StructureFork<S> fork(@Nullable String name) {
        return in(space().fork(name));
    }

    /**
     * Makes a read-only copy of the structure and of everything else in its space, with a generated name.
     *
     * @return the copy, to be closed by the caller
     * @see #snapshot(String)
     */
    public final StructureFork<S> snapshot() {
        return snapshot(null);
    }

    /**
     * Makes a copy of the structure as {@link #fork(String)} does, but one that refuses every change.
     *
     * @param name of the new space, for messages and statistics; null for a generated one
     * @return the copy, to be closed by the caller
     * @throws io.quire.memory.contract.MemoryException if {@link AddressSpace#snapshot(String)} throws it
     */
    public final StructureFork<S> snapshot(@Nullable String name) {
        return in(space().snapshot(name));
    }

    private StructureFork<S> in(AddressSpace copy) {
        try {
            return new StructureFork<>(copy, with(copy));
        } catch (Throwable refused) {
            copy.close();
            throw refused;
        }
    }
}
