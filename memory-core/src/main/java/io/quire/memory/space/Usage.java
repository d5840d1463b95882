package io.quire.memory.space;

import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.Root;
import io.quire.memory.table.UpperDirectory;
import java.util.function.LongConsumer;

/**
 * The frames that a tree maps, found by a walk of as many steps as it has pages. The counts are exact while nobody
 * writes; otherwise each page counts as what it was at one moment of the walk.
 */
public final class Usage {

    private final FramePools pools;
    private final LongConsumer frames;
    private long shared;
    private long exclusive;

    private Usage(FramePools pools, LongConsumer frames) {
        this.pools = pools;
        this.frames = frames;
    }

    /** Counts the pages of a space; none if it is closed. */
    public static Usage of(Space space) {
        return of(space, frame -> {});
    }

    /** Does the same, and passes the offset of each frame to a consumer, once for each page that maps it. */
    static Usage of(Space space, LongConsumer frames) {
        Usage usage = new Usage(space.machine().pools(), frames);
        Root root = space.table().rootOrNull();
        if (root != null) {
            usage.visit(root.top(), false);
        }
        return usage;
    }

    private void visit(Directory node, boolean sharedAbove) {
        boolean isShared = sharedAbove || node.references() > 1;
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            switch (node) {
                case UpperDirectory upper -> {
                    Directory child = upper.child(i);
                    if (child != null) {
                        visit(child, isShared);
                    }
                }
                case LeafDirectory directory -> {
                    long[] leaf = directory.leaf(i);
                    if (leaf != null) {
                        visit(leaf, isShared || Leaf.references(leaf) > 1);
                    }
                }
            }
        }
    }

    private void visit(long[] leaf, boolean isShared) {
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            long entry = Leaf.entry(leaf, page);
            if (Entry.isPresent(entry)) {
                frames.accept(Entry.offset(entry));
                if (isShared || pools.references(Entry.offset(entry)) > 1) {
                    shared++;
                } else {
                    exclusive++;
                }
            }
        }
    }

    /** Returns the number of pages whose frame another space maps too. */
    public long sharedPages() {
        return shared;
    }

    /** Returns the number of pages whose frame no other space maps. A close would free them. */
    public long exclusivePages() {
        return exclusive;
    }
}
