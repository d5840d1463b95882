package io.quire.memory.nodes;

import io.quire.memory.space.ReadSection;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The way from the root to a bucket by the bits of a hash, for the thread that changes a store. Each inner node has 16
 * references and uses four bits, the root the lowest ones. It works like the directory of an extendible hash table:
 * neighbours may lead to the same bucket, which then holds what the hashes of all of them hold. Such neighbours are a
 * <i>stretch</i>: 1, 2, 4, 8 or 16 references that begin at a multiple of their number.
 * <pre>
 *            +----+----+----+----+- ... -+----+
 *   inner    | A  | A  | B  | -&gt; |       | F  |      A: a stretch of two; -&gt; an inner node, always a stretch of one
 *            +----+----+----+----+- ... -+----+
 * </pre>
 * A bucket that is full is divided in two, and its stretch with it; a stretch of one becomes an inner node. So the trie
 * grows one bucket at a time. What a bucket is, its user knows.
 * <p>
 * Holds the way of the last {@link #find}, and the references of its lowest inner node, which the user may change and
 * then {@linkplain #store store}.
 */
public final class Trie {

    /** References of an inner node. */
    public static final int FAN_OUT = 16;

    /** Bits of the hash that an inner node uses. */
    public static final int BITS = 4;

    /** As many inner nodes as a hash has bits for lie on the longest way. */
    public static final int DEPTH_MAX = Long.SIZE / BITS;

    static final int INNER_BYTES = FAN_OUT * Integer.BYTES;
    static final int INNER_GRANULES = INNER_BYTES / NodeRef.GRANULE_BYTES;

    private final NodeRegion region;
    private final NodeStore store;
    private final ReadSection section;
    private final int firstPage;
    private final int endPage;

    private final int[] nodes = new int[DEPTH_MAX];
    private final int[] digits = new int[DEPTH_MAX];
    private final int[] refs = new int[FAN_OUT];
    private final MemorySegment refBytes = MemorySegment.ofArray(refs);
    private int depth;
    private int bucket;

    /** The level of the inner node whose references are here, -1 if there are none. */
    private int loaded;

    public Trie(NodeRegion region, NodeStore store) {
        this.region = region;
        this.store = store;
        this.section = region.section();
        this.firstPage = region.firstPage();
        this.endPage = region.pages();
    }

    /** The reference of the root that belongs to a part of the hash at a level. */
    public static int digit(long hash, int level) {
        return (int) (hash >>> (level * BITS)) & (FAN_OUT - 1);
    }

    /**
     * The way to the next reference in the order of digits, the root's first.
     *
     * @param hash a hash whose digits up to a level lead to an inner node
     * @param digit a reference of that node, or {@link #FAN_OUT} to leave the node
     * @return a hash whose digits lead there, and 0 behind the last reference of the root
     */
    public static long next(long hash, int level, int digit) {
        int atLevel = level;
        int next = digit;
        while (next == FAN_OUT && atLevel > 0) {
            atLevel--;
            next = digit(hash, atLevel) + 1;
        }
        long above = hash & ((1L << (atLevel * BITS)) - 1);
        return next == FAN_OUT ? 0 : above | (long) next << (atLevel * BITS);
    }

    // ---- the way to a bucket

    /** Goes the way of a hash. The store has begun a change. */
    public void find(long hash) {
        long version;
        int ref;
        boolean isSane;
        do {
            version = section.begin();
            depth = 0;
            loaded = -1;
            ref = store.root();
            isSane = true;
            while (NodeRef.isInner(ref) && isSane) {
                isSane = depth < DEPTH_MAX && NodeRef.isWithin(ref, INNER_GRANULES, firstPage, endPage);
                ref = isSane ? step(ref, hash) : ref;
            }
        } while (!section.isStill(version));
        if (!isSane) {
            throw region.damaged("a reference leads to no inner node: " + NodeRef.toString(ref));
        }
        bucket = ref;
    }

    private int step(int ref, long hash) {
        int digit = digit(hash, depth);
        nodes[depth] = ref;
        digits[depth] = digit;
        depth++;
        return section.getInt(section.at(region.addressOf(ref)) + (long) digit * Integer.BYTES);
    }

    /** The bucket that the way ends at; {@link NodeRef#NONE} if there is none. */
    public int bucket() {
        return bucket;
    }

    /** The number of inner nodes on the way. */
    public int depth() {
        return depth;
    }

    /** The references of the lowest inner node on the way. */
    public int[] refs() {
        if (loaded != depth - 1) {
            load();
            loaded = depth - 1;
        }
        return refs;
    }

    private void load() {
        long version;
        do {
            version = section.begin();
            long at = section.at(region.addressOf(nodes[depth - 1]));
            for (int i = 0; i < FAN_OUT; i++) {
                refs[i] = section.getInt(at + (long) i * Integer.BYTES);
            }
        } while (!section.isStill(version));
    }

    /** The reference that the way takes in the lowest inner node. */
    public int lastDigit() {
        return digits[depth - 1];
    }

    /** The lowest inner node itself. */
    public int lastNode() {
        return nodes[depth - 1];
    }

    /** Shortens the way by its lowest inner node, which is not needed any more. */
    public void ascend() {
        store.free(nodes[depth - 1], INNER_GRANULES);
        depth--;
    }

    // ---- stretches

    /** The number of neighbours that lead to the same bucket as one of them does. */
    public static int stretchLength(int[] refs, int index) {
        int length = 1;
        while (length < FAN_OUT && isUniform(refs, index & -(2 * length), 2 * length, refs[index])) {
            length *= 2;
        }
        return length;
    }

    /** True if some neighbours all are one reference. */
    public static boolean isUniform(int[] refs, int from, int length, int ref) {
        for (int i = from; i < from + length; i++) {
            if (refs[i] != ref) {
                return false;
            }
        }
        return true;
    }

    // ---- changes

    /** Makes an inner node. Returns the reference to it. */
    public int newInner(int[] children) {
        int ref = store.allocate(Purpose.INNER, INNER_GRANULES);
        store.write(ref, MemorySegment.ofArray(children));
        return NodeRef.inner(ref);
    }

    /**
     * Stores some of the references of the lowest inner node, which the caller has changed: in place if its page is not
     * shared, else in a copy, which then has to be stored in the node above, and so on.
     */
    public void store(int from, int to) {
        int changedFrom = from;
        int changedTo = to;
        while (!store.isWrittenInPlace(nodes[depth - 1])) {
            int copy = store.allocate(Purpose.INNER, INNER_GRANULES);
            store.write(copy, refBytes);
            ascend();
            if (depth == 0) {
                store.setRoot(NodeRef.inner(copy));
                return;
            }
            changedFrom = digits[depth - 1];
            changedTo = changedFrom + 1;
            refs()[changedFrom] = NodeRef.inner(copy);
        }
        for (int i = changedFrom; i < changedTo; i++) {
            store.setRef(region.addressOf(nodes[depth - 1]) + (long) i * Integer.BYTES, refs[i]);
        }
    }

    @Override
    public String toString() {
        return "Trie[bucket=" + NodeRef.toString(bucket) + ", depth=" + depth + ", refs=" + Arrays.toString(refs) + "]";
    }
}
