package io.quire.memory.nodes;

import io.quire.memory.space.ReadSection;
import java.lang.invoke.VarHandle;

/**
 * Finds buckets for readers, who hold no lock and may come amid a change. A read goes like this: {@link #header} and
 * {@link #epoch}, then {@link #bucket}, then the words of the bucket, then {@link #isStill}. What was read before that may
 * be anything.
 * <p>
 * It is right for this reason. A change makes new nodes and then stores a reference, or one word of a node that is in
 * use. So whatever a reader follows was a part of the structure at some moment since it began, until the bytes are used
 * again. Before that happens, the epoch is raised.
 * <p>
 * Immutable; as thread-safe as the access.
 */
public final class NodeReader {

    /** In place of a bucket: the way led to what cannot be an inner node. */
    public static final int IMPOSSIBLE = Integer.MIN_VALUE;

    private final NodeRegion region;
    private final ReadSection section;
    private final long address;
    private final int firstPage;
    private final int endPage;

    public NodeReader(NodeRegion region) {
        this.region = region;
        this.section = region.section();
        this.address = region.address();
        this.firstPage = region.firstPage();
        this.endPage = region.pages();
    }

    /** Where the header is read now. The section has begun. */
    public long header() {
        return section.at(address);
    }

    /** The epoch, to be loaded first. */
    public long epoch(long header) {
        // STEP(read a store 1)
        long epoch = section.getLong(header + StoreHeader.EPOCH_AT);
        // ORDER(node-reused) fence: what is loaded from here on is at least as new as the epoch.
        VarHandle.loadLoadFence();
        return epoch;
    }

    /**
     * Finds the bucket for a hash.
     *
     * @return the bucket, {@link NodeRef#NONE} if there is none, or {@link #IMPOSSIBLE}
     */
    public int bucket(long header, long hash) {
        // STEP(read a store 2)
        int ref = (int) section.getLong(header + StoreHeader.ROOT_AT);
        for (int level = 0; NodeRef.isInner(ref); level++) {
            if (level == Trie.DEPTH_MAX || !NodeRef.isWithin(ref, Trie.INNER_GRANULES, firstPage, endPage)) {
                return IMPOSSIBLE;
            }
            // ORDER(node-published) fence: the bytes of a node are loaded after the reference to it.
            VarHandle.loadLoadFence();
            ref = section.getInt(section.at(region.addressOf(ref)) + ((long) Trie.digit(hash, level) << 2));
        }
        return ref;
    }

    /** True if a bucket of some granules can be there. */
    public boolean isBucket(int ref, int granules) {
        return NodeRef.isWithin(ref, granules, firstPage, endPage);
    }

    /** Where a bucket is read now. */
    public long at(int bucket) {
        // ORDER(node-published) fence: as for inner nodes.
        VarHandle.loadLoadFence();
        return section.at(region.addressOf(bucket));
    }

    /** True if all that was read since {@link #epoch} has been in the structure. The section has to be asked after it. */
    public boolean isStill(long header, long epoch) {
        // STEP(read a store 4)
        // ORDER(node-reused) fence: whoever saw bytes that were used again sees the new epoch.
        VarHandle.loadLoadFence();
        return section.getLong(header + StoreHeader.EPOCH_AT) == epoch;
    }
}
