package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An inner node of the tree: 64 children, the generation of the one root that may change it in place, and the number of
 * parents that list it. Forks share nodes, and readers walk through them without a lock.
 */
public abstract sealed class Directory permits UpperDirectory, LeafDirectory {

    private static final VarHandle REFERENCES;
    private static final VarHandle GENERATION;

    static {
        try {
            REFERENCES = MethodHandles.lookup().findVarHandle(Directory.class, "references", int.class);
            GENERATION = MethodHandles.lookup().findVarHandle(Directory.class, "generation", long.class);
        } catch (ReflectiveOperationException impossible) {
            throw new ExceptionInInitializerError(impossible);
        }
    }

    private final int childShift;
    @SuppressWarnings("UnusedVariable") // read through GENERATION
    private long generation;
    @SuppressWarnings("UnusedVariable") // read through REFERENCES
    private int references = 1;

    Directory(int childShift, long generation) {
        this.childShift = childShift;
        this.generation = generation;
    }

    /** The base-2 logarithm of the bytes that one child maps. */
    public final int childShift() {
        return childShift;
    }

    /** The number of bytes that this node maps; for a top, which begins at 0, also the first address beyond it. */
    public final long span() {
        return 1L << (childShift + Geometry.FAN_OUT_SHIFT);
    }

    public final int childIndex(long address) {
        return (int) (address >>> childShift) & Geometry.FAN_OUT - 1;
    }

    /** True if the space with this generation may change the node in place. */
    public final boolean isOwnedBy(long wanted) {
        // ORDER(node-adopted) acquire: the list of writable leaves was emptied before the owner changed.
        return (long) GENERATION.getAcquire(this) == wanted;
    }

    /** The generation of the only root that may change the node in place. */
    public final long generation() {
        // ORDER(node-adopted) acquire: as in isOwnedBy.
        return (long) GENERATION.getAcquire(this);
    }

    /**
     * The number of parents that list the node. If this returns 1 to the owner of that parent, no other thread can
     * raise it.
     */
    public final int references() {
        // ORDER(node-shared) acquire: the last owner may change what the others have finished copying.
        return (int) REFERENCES.getAcquire(this);
    }

    /** Adds one parent. The caller makes sure that the node is not released meanwhile. */
    public final void acquire() {
        REFERENCES.getAndAddAcquire(this, 1);
    }

    /**
     * Removes one parent if there are others.
     *
     * @return false if there are no others: the count stays 1, and the node is the caller's alone
     */
    public final boolean releaseShared() {
        int seen = references();
        while (seen != 1) {
            // ORDER(node-shared) release: this space has finished before another one finds itself the last owner.
            if (REFERENCES.weakCompareAndSet(this, seen, seen - 1)) {
                return true;
            }
            seen = references();
        }
        return false;
    }

    /** Makes the space of the only parent the owner of this node, but not of its children. */
    public void adopt(long newGeneration) {
        // ORDER(node-adopted) release: the list of writable leaves is emptied before the new owner is named.
        GENERATION.setRelease(this, newGeneration);
    }

    /** Creates an empty node for another generation, with one reference. {@link #fill} then makes it a copy. */
    public abstract Directory newCopy(long newGeneration);

    /**
     * Takes the children of the original and adds one reference to each. Allocates nothing. If an Error interrupts it,
     * the node has some of the children, and a reference to exactly those.
     */
    public abstract void fill(Directory original);
}
