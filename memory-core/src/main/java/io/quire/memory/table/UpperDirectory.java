package io.quire.memory.table;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** A directory of directories. */
public final class UpperDirectory extends Directory {

    private static final VarHandle ELEMENTS = MethodHandles.arrayElementVarHandle(Directory[].class);

    private final @Nullable Directory[] children;

    private UpperDirectory(int childShift, long generation, @Nullable Directory[] children) {
        super(childShift, generation);
        this.children = children;
    }

    /** Creates a node above another one, which becomes its first child and keeps its references. */
    public static UpperDirectory above(Directory first, long generation) {
        UpperDirectory upper = of(first.childShift() + Geometry.FAN_OUT_SHIFT, generation);
        upper.children[0] = first;
        return upper;
    }

    /** Creates a node without children. */
    static UpperDirectory of(int childShift, long generation) {
        return new UpperDirectory(childShift, generation, new Directory[Geometry.FAN_OUT]);
    }

    public @Nullable Directory child(int index) {
        // ORDER(node-listed) acquire: the child is complete.
        return (Directory) ELEMENTS.getAcquire(children, index);
    }

    /** Replaces a child. The caller has the node alone. */
    public void setChild(int index, @Nullable Directory child) {
        // ORDER(node-listed) release: the child first, then the list that leads to it.
        ELEMENTS.setRelease(children, index, child);
    }

    /** Creates a child that maps nothing, of the kind that belongs below this node. */
    public Directory createChild(long generation) {
        return childShift() == Geometry.DIRECTORY_SHIFT ? new LeafDirectory(generation)
                : of(childShift() - Geometry.FAN_OUT_SHIFT, generation);
    }

    /**
     * Replaces a child by its copy, and puts the original into the copy's place in {@code list}. These are stores,
     * which need no stack, so no Error can come between them.
     */
    public void replace(int index, Directory original, Directory copy, Object[] list, int at) {
        VarHandle.releaseFence(); // ORDER(node-listed) release: the child first, then the list that leads to it.
        children[index] = copy;
        list[at] = original;
    }

    @Override
    public UpperDirectory newCopy(long newGeneration) {
        return of(childShift(), newGeneration);
    }

    @Override
    public void fill(Directory original) {
        @Nullable Directory[] theirs = ((UpperDirectory) original).children;
        for (int i = 0; i < theirs.length; i++) {
            Directory child = theirs[i];
            if (child != null) {
                child.acquire();
                children[i] = child; // a store: no Error can come between it and the reference
            }
        }
    }
}
