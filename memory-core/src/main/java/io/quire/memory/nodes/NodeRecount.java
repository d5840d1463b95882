package io.quire.memory.nodes;

import java.util.BitSet;

/** Counts the nodes of a store anew, for tests, and compares that with what the store has counted. */
public final class NodeRecount {

    private final NodeRegion region;
    private final int top;
    private final int[] live;
    private final BitSet granules = new BitSet();
    private final BitSet uncounted = new BitSet();

    public NodeRecount(NodeRegion region) {
        this.region = region;
        this.top = (int) word(StoreHeader.TOP_AT);
        this.live = new int[top];
    }

    private long word(long at) {
        return region.memory().getLong(region.address() + at);
    }

    /** Adds a node that the structure leads to. */
    public void add(int ref, int size) {
        int first = NodeRef.of(NodeRef.page(ref), NodeRef.granule(ref));
        require(granules.get(first, first + size).isEmpty(), "two nodes overlap");
        granules.set(first, first + size);
        live[NodeRef.page(ref)] += size;
    }

    /** Adds an inner node. */
    public void addInner(int ref) {
        add(ref, Trie.INNER_GRANULES);
    }

    public void require(boolean isRight, String fault) {
        if (!isRight) {
            throw region.damaged(fault);
        }
    }

    /**
     * Compares the counts.
     *
     * @param entries how many entries the buckets have
     */
    public void check(long entries) {
        require(entries == region.entries(), "it has " + entries + " entries and says " + region.entries());
        for (int i = 0; i < word(StoreHeader.NOTED_AT); i++) {
            long note = word(StoreHeader.noteAt(i));
            require(Note.isSane(note, region.firstPage(), top), "a note is impossible");
            if (Note.isOfTaken(note)) {
                uncounted.set(Note.page(note));
            } else {
                add((int) note, Note.granules(note));
            }
        }
        for (int purpose = 0; purpose < Purpose.COUNT; purpose++) {
            long open = word(StoreHeader.openAt(purpose));
            if (OpenPage.room(open) > 0) {
                add(NodeRef.of(OpenPage.page(open), OpenPage.fill(open)), OpenPage.room(open));
            }
        }
        checkPages();
    }

    private void checkPages() {
        long free = 0;
        long all = 0;
        for (int page = region.firstPage(); page < top; page++) {
            int counted = count(page);
            int count = uncounted.get(page) ? counted + NodeRef.GRANULES_PER_PAGE : counted;
            require(count == live[page],
                    "page " + page + " has " + live[page] + " granules in use and counts " + count);
            free += count == 0 && !uncounted.get(page) ? 1 : 0;
            all += count;
        }
        require(free == word(StoreHeader.FREE_AT), free + " pages are free, and it says " + word(StoreHeader.FREE_AT));
        require(all == word(StoreHeader.LIVE_AT), all + " granules are live, and it says "
                + word(StoreHeader.LIVE_AT));
        BitSet listed = new BitSet();
        for (int i = 0; i < word(StoreHeader.STACK_AT); i++) {
            int page = region.memory().getInt(region.address() + StoreHeader.freePageAt(i));
            require(page >= region.firstPage() && page < top && count(page) == 0 && !listed.get(page),
                    "page " + page + " is listed as free");
            listed.set(page);
        }
    }

    private int count(int page) {
        return region.memory().getShort(region.address() + StoreHeader.countAt(page));
    }
}
