package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A directory of leaves, with two lists. Readers look into {@code leaves}. Writers look into {@code writable}, which
 * has only the leaves that belong to the owner of this node alone. A fork changes neither list: it gives the space a
 * new generation, so that the space no longer owns the node.
 */
public final class LeafDirectory extends Directory {

    private static final VarHandle ELEMENTS = MethodHandles.arrayElementVarHandle(long[][].class);

    private final long[] @Nullable [] leaves;
    private long[] @Nullable [] writable;

    /** Creates a node that maps nothing. */
    public LeafDirectory(long generation) {
        super(Geometry.LEAF_SHIFT, generation);
        this.leaves = new long[Geometry.FAN_OUT][];
        this.writable = new long[Geometry.FAN_OUT][];
    }

    public long @Nullable [] leaf(int index) {
        // ORDER(node-listed) acquire: the leaf is complete.
        return (long[]) ELEMENTS.getAcquire(leaves, index);
    }

    public long @Nullable [] writableLeaf(int index) {
        // ORDER(node-listed) acquire: the leaf is complete.
        return (long[]) ELEMENTS.getAcquire(writable, index);
    }

    /** Lists a leaf that belongs to the owner alone. */
    public void own(int index, long[] leaf) {
        // ORDER(node-listed) release: the leaf first, then the lists that lead to it.
        ELEMENTS.setRelease(leaves, index, leaf);
        ELEMENTS.setRelease(writable, index, leaf);
    }

    /**
     * Replaces a leaf by a copy that belongs to the owner alone, and puts the original into the copy's place in
     * {@code list}. These are stores, which need no stack, so no Error can come between them.
     */
    public void replace(int index, long[] original, long[] copy, Object[] list, int at) {
        VarHandle.releaseFence(); // ORDER(node-listed) release: the leaf first, then the lists that lead to it.
        leaves[index] = copy;
        list[at] = original;
        ELEMENTS.setRelease(writable, index, copy);
    }

    /** Takes a leaf out. */
    public void remove(int index) {
        ELEMENTS.setRelease(writable, index, null);
        ELEMENTS.setRelease(leaves, index, null);
    }

    @Override
    public void adopt(long newGeneration) {
        writable = new long[Geometry.FAN_OUT][];
        super.adopt(newGeneration);
    }

    @Override
    public LeafDirectory newCopy(long newGeneration) {
        return new LeafDirectory(newGeneration);
    }

    @Override
    public void fill(Directory original) {
        long[] @Nullable [] theirs = ((LeafDirectory) original).leaves;
        for (int i = 0; i < theirs.length; i++) {
            long[] leaf = theirs[i];
            if (leaf != null) {
                Leaf.acquire(leaf);
                leaves[i] = leaf; // a store: no Error can come between it and the reference
            }
        }
    }
}
