package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A directory of leaves. Two lists: {@code leaves} is where readers look; {@code writable} holds those among them that
 * belong to this node's owner alone, and is where writers look. A fork leaves both as they are and withdraws the
 * generation.
 */
public final class LeafDirectory extends Directory {

    private static final VarHandle ELEMENTS = MethodHandles.arrayElementVarHandle(long[][].class);

    private final long[] @Nullable [] leaves;
    private long[] @Nullable [] writable;

    /** A node that maps nothing. */
    public LeafDirectory(long generation) {
        this(generation, new long[Geometry.FAN_OUT][]);
    }

    private LeafDirectory(long generation, long[] @Nullable [] leaves) {
        super(Geometry.LEAF_SHIFT, generation);
        this.leaves = leaves;
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

    /** Puts in a leaf that belongs to the owner alone. */
    public void own(int index, long[] leaf) {
        // ORDER(node-listed) release: the leaf first, then the lists that lead to it.
        ELEMENTS.setRelease(leaves, index, leaf);
        ELEMENTS.setRelease(writable, index, leaf);
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
    public LeafDirectory copy(long newGeneration) {
        return new LeafDirectory(newGeneration, leaves.clone());
    }

    @Override
    public void acquireChildren() {
        int done = 0;
        try {
            for (; done < leaves.length; done++) {
                long[] leaf = leaves[done];
                if (leaf != null) {
                    Leaf.acquire(leaf);
                }
            }
        } finally {
            if (done < leaves.length) {
                releaseFirst(done);
            }
        }
    }

    private void releaseFirst(int count) {
        for (int i = 0; i < count; i++) {
            long[] leaf = leaves[i];
            if (leaf != null) {
                Leaf.releaseShared(leaf); // the original lists it too
            }
        }
    }
}
