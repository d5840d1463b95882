package io.quire.memory.structure;

import io.quire.memory.AddressSpace;

/**
 * A structure in a space of its own: what {@code fork()} and {@code snapshot()} of a structure return. Close it to
 * close the space.
 * {@snippet file="io/quire/memory/snippets/ArraySnippetsTest.java" region="structure-fork"}
 * <p>
 * The space holds all that the first one held at that moment, with everything else that lives there. So two structures
 * of one space are forked together: fork one of them, and open the other in {@link #space()}.
 * <p>
 * <b>Threads.</b> Any.
 *
 * @param <S> the class of the structure
 */
public final class StructureFork<S> implements AutoCloseable {

    private final AddressSpace space;
    private final S structure;

    StructureFork(AddressSpace space, S structure) {
        this.space = space;
        this.structure = structure;
    }

    /**
     * Returns the structure in the space of this fork.
     *
     * @return what any thread may use until this is closed
     */
    public S structure() {
        return structure;
    }

    /**
     * Returns the space of this fork, which ends with it.
     *
     * @return the space; open an accessor of it for one thread's fast way into the structure
     */
    public AddressSpace space() {
        return space;
    }

    /**
     * Closes the space. Closing again has no effect; a close that throws can be tried again.
     *
     * @throws io.quire.memory.contract.DriverFailedException if an attached device fails to let go of the space, which
     *         stays open
     */
    @Override
    public void close() {
        space.close();
    }

    @Override
    public String toString() {
        return "StructureFork[" + structure + " in " + space + "]";
    }
}
