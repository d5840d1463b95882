package io.quire.memory.nodes;

import java.lang.foreign.MemorySegment;

/**
 * Goes through all buckets of a structure, each once, in the order of the digits that lead to them. For a structure that
 * nobody changes meanwhile, such as one in a snapshot.
 */
public final class NodeWalk {

    private final NodeRegion region;
    private final int bucketGranules;

    /** How many granules there can still be. References that lead in circles would otherwise be followed for years. */
    private long room;

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
        room = Math.min(region.usedBytes(), region.sizeBytes()) / NodeRef.GRANULE_BYTES;
        visit(region.root(), 0, visitor);
    }

    private void visit(int ref, int level, Visitor visitor) {
        if (ref == NodeRef.NONE) {
            return;
        }
        int granules = NodeRef.isInner(ref) ? Trie.INNER_GRANULES : bucketGranules;
        room -= granules;
        if (!region.isNode(ref, granules) || level > Trie.DEPTH_MAX || room < 0) {
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
