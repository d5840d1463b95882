package io.quire.memory.nodes;

import java.lang.foreign.MemorySegment;

/**
 * Goes through all buckets of a structure, each once, in the order of the digits that lead to them. For a structure that
 * nobody changes meanwhile, such as one in a snapshot.
 */
public final class NodeWalk {

    private final NodeRegion region;
    private final int bucketGranules;

    /**
     * @param bucketGranules the size of a bucket; a reference to what cannot be one is refused
     */
    public NodeWalk(NodeRegion region, int bucketGranules) {
        this.region = region;
        this.bucketGranules = bucketGranules;
    }

    /** What is done with the nodes. */
    public interface Visitor {

        void bucket(int ref);

        default void inner(int ref) {
        }
    }

    /** Visits all nodes, an inner node before what it leads to. */
    public void visit(Visitor visitor) {
        visit(region.root(), 0, visitor);
    }

    private void visit(int ref, int level, Visitor visitor) {
        if (ref == NodeRef.NONE) {
            return;
        }
        if (!region.isNode(ref, NodeRef.isInner(ref) ? Trie.INNER_GRANULES : bucketGranules)
                || level > Trie.DEPTH_MAX) {
            throw region.damaged("a reference leads to no node: " + NodeRef.toString(ref));
        }
        if (!NodeRef.isInner(ref)) {
            visitor.bucket(ref);
            return;
        }
        visitor.inner(ref);
        int[] children = new int[Trie.FAN_OUT];
        region.memory().copyTo(region.addressOf(ref), MemorySegment.ofArray(children), 0, Trie.INNER_BYTES);
        for (int i = 0; i < Trie.FAN_OUT; i += Trie.stretchLength(children, i)) {
            visit(children[i], level + 1, visitor);
        }
    }
}
