package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * An inner node of the tree: 64 children, the generation of the one root that may change it in place, and how many
 * parents list it. Shared after a fork; readers walk through it without any lock.
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

    /** A child maps 2 to the power of this many bytes. */
    public final int childShift() {
        return childShift;
    }

    /** The first address beyond this node, if its first one is 0. */
    public final long span() {
        return 1L << (childShift + Geometry.FAN_OUT_SHIFT);
    }

    public final int childIndex(long address) {
        return (int) (address >>> childShift) & Geometry.FAN_OUT - 1;
    }

    /** Whether the space with this generation may change the node in place. */
    public final boolean isOwnedBy(long wanted) {
        // ORDER(node-adopted) acquire: the list of writable leaves was emptied before the owner changed.
        return (long) GENERATION.getAcquire(this) == wanted;
    }

    /** How many parents list the node. If this returns 1 to the owner of that parent, no other thread can raise it. */
    public final int references() {
        // ORDER(node-shared) acquire: the last owner may change what the others have finished copying.
        return (int) REFERENCES.getAcquire(this);
    }

    /** One parent more. The caller sees to it that the node is not released meanwhile. */
    public final void acquire() {
        REFERENCES.getAndAddAcquire(this, 1);
    }

    /**
     * One parent less, if there are others.
     *
     * @return false if there are none: then the count stays 1, and the caller alone has the node
     */
    public final boolean releaseShared() {
        int seen = references();
        while (seen != 1) {
            // ORDER(node-shared) release: this space is done with the node, for whoever finds itself the last owner.
            if (REFERENCES.weakCompareAndSet(this, seen, seen - 1)) {
                return true;
            }
            seen = references();
        }
        return false;
    }

    /** Makes the only parent's space the owner: of this node, not of its children. */
    public void adopt(long newGeneration) {
        // ORDER(node-adopted) release: what the old owner was allowed is gone before the new owner is named.
        GENERATION.setRelease(this, newGeneration);
    }

    /** An empty node for another generation, with one reference, that {@link #fill} makes a copy. */
    public abstract Directory newCopy(long newGeneration);

    /**
     * Takes the children of the original, with one reference more for each. Allocates nothing. After an Error it has a
     * part of them, with the references of just these.
     */
    public abstract void fill(Directory original);
}
