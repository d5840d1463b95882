package io.quire.memory.nodes;

import io.quire.memory.WriteGroup;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.StructureFullException;
import io.quire.memory.space.ReadSection;
import io.quire.memory.table.Geometry;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The pages of a structure, for the thread that changes it. New nodes are put side by side into pages that no fork
 * shares; nodes that are not needed any more are only noted, without a write to their page. So a change beside a
 * snapshot copies no page but the header's.
 * <p>
 * A change is made like this:
 * <ol>
 * <li>{@link #begin}
 * <li>{@link #allocate} and {@link #write} new nodes, which nothing leads to yet, and {@link #free} old ones
 * <li>{@link #setRef} and the like, for the few words that make the change visible
 * <li>{@link #commit}: these words and those of the header are written in one step, so that a fork has all of them or
 * none
 * </ol>
 * A change that ends before the commit has changed nothing. Whether a page is shared decides only if a node is copied
 * or written where it is: a fork at any moment makes that choice the dearer one, but never wrong.
 * <p>
 * <b>Readers</b> take no part in this. What a change frees stays as it is until the epoch has been raised, and a reader
 * that finds another epoch at its end begins again.
 * <p>
 * Holds nothing between two changes but buffers. The caller has the lock of the structure.
 */
public final class NodeStore {

    /** A change makes at most so many notes: a deep path, and a node whose children all move. */
    private static final int NOTES_OF_A_CHANGE = 64;

    /** So many notes are counted together at a time. */
    private static final int NOTES_COUNTED = 128;

    /** And in so many pages of counts: the others fit into one group with the header. */
    private static final int COUNT_PAGES = WriteGroup.MAX_PAGES - 2;

    /** After a fork nodes of all purposes share so many pages. */
    private static final int SHARED_PAGES = 4;

    /** An open page that a fork shares is filled further, and so copied, if it has at least this much room. */
    private static final int ROOM_WORTH_A_COPY = NodeRef.GRANULES_PER_PAGE / 2;

    /** A search for a free page looks at so many counts. */
    private static final int COUNTS_LOOKED_AT = 1 << 14;

    /** Counts in a word. */
    private static final int COUNTS_PER_WORD = Long.BYTES / Short.BYTES;

    private static final int COUNT_MASK = (1 << Short.SIZE) - 1;

    private final NodeRegion region;
    private final ReadSection section;
    private final WriteGroup group;
    private final int firstPage;

    // The words of the header that this change began with, and what it makes of them.
    private final long[] begun = new long[StoreHeader.OPEN_AT / Long.BYTES + Purpose.COUNT];
    private final long[] words = new long[begun.length];

    /** The list of free pages, from the first one that this change has added. */
    private final int[] freePages = new int[StoreHeader.STACK_MAX];
    private int firstNewFreePage;

    /** What this change has noted. */
    private final long[] notes = new long[NOTES_COUNTED];
    private int noted;

    /** Pages that were taken and are not counted yet, so that their count is 0 as if they were free. */
    private final int[] uncounted = new int[StoreHeader.NOTES_MAX + NOTES_COUNTED];
    private int uncountedCount;

    private final long[] counted = new long[NOTES_COUNTED];

    /** Where the next search for a free page begins. */
    private int searchFrom;

    /** Nodes are moved out of pages with fewer granules in use than this; 0 if none are. */
    private int sparseBelow;

    /** The same while room is made in a full region. */
    private int sparseBelowWhenFull;

    /** True if this change writes nodes where they are, because there is no room for copies. */
    private boolean sparing;

    public NodeStore(NodeRegion region) {
        this.region = region;
        this.section = region.section();
        this.group = region.memory().newWriteGroup();
        this.firstPage = region.firstPage();
    }

    // ---- a change

    /** Begins a change. Counts notes first, if there is hardly room for more. */
    public void begin() {
        // STEP(change a store 1)
        load();
        while (word(StoreHeader.NOTED_AT) > StoreHeader.NOTES_MAX - NOTES_OF_A_CHANGE) {
            countNotes();
            load();
        }
        if (!section.isOwn(region.address())) { // since the last change there was a fork
            set(StoreHeader.SHARING_AT, SHARED_PAGES);
        }
    }

    /** Begins to look at the structure, for a thread that changes nothing. Writes nothing, so a snapshot allows it. */
    public void beginToRead() {
        load();
    }

    private void load() {
        group.clear();
        noted = 0;
        sparing = false;
        long version;
        do {
            version = section.begin();
            long header = section.at(region.address());
            for (int i = StoreHeader.EPOCH_AT / Long.BYTES; i < begun.length; i++) {
                begun[i] = section.getLong(header + (long) i * Long.BYTES);
            }
        } while (!section.isStill(version));
        System.arraycopy(begun, 0, words, 0, begun.length);
        firstNewFreePage = freePages.length;
        check();
        updateCleaning();
    }

    /** Refuses words that cannot be, because the program may have written over them. */
    private void check() {
        long top = word(StoreHeader.TOP_AT);
        boolean isSane = top >= firstPage && top <= region.pages()
                && isWithin(StoreHeader.FREE_AT, top - firstPage)
                && isWithin(StoreHeader.LIVE_AT, (top - firstPage) * NodeRef.GRANULES_PER_PAGE)
                && isWithin(StoreHeader.NOTED_AT, StoreHeader.NOTES_MAX)
                && isWithin(StoreHeader.STACK_AT, Math.min(StoreHeader.STACK_MAX, word(StoreHeader.FREE_AT)))
                && isWithin(StoreHeader.SHARING_AT, SHARED_PAGES)
                && word(StoreHeader.ENTRIES_AT) >= 0;
        for (int purpose = 0; purpose < Purpose.COUNT; purpose++) {
            isSane &= OpenPage.isSane(word(StoreHeader.openAt(purpose)), firstPage, (int) top);
        }
        if (!isSane) {
            throw region.damaged("its header is impossible");
        }
    }

    private boolean isWithin(int at, long most) {
        return word(at) >= 0 && word(at) <= most;
    }

    private long word(int at) {
        return words[at / Long.BYTES];
    }

    private void set(int at, long value) {
        words[at / Long.BYTES] = value;
    }

    private void add(int at, long delta) {
        words[at / Long.BYTES] += delta;
    }

    /** The root, {@link NodeRef#NONE} if there is none. */
    public int root() {
        return (int) word(StoreHeader.ROOT_AT);
    }

    public void setRoot(int ref) {
        set(StoreHeader.ROOT_AT, Integer.toUnsignedLong(ref));
    }

    /** The number of entries as this change leaves it. */
    public long entries() {
        return word(StoreHeader.ENTRIES_AT);
    }

    public void addEntries(int delta) {
        add(StoreHeader.ENTRIES_AT, delta);
    }

    /** Tells readers that bytes that they may be looking at are about to change. Comes before the words it is for. */
    public void raiseEpoch() {
        add(StoreHeader.EPOCH_AT, 1);
        group.setLong(region.address() + StoreHeader.EPOCH_AT, word(StoreHeader.EPOCH_AT));
    }

    /** Changes a reference in a node, as a part of the commit. */
    public void setRef(long address, int ref) {
        group.setInt(address, ref);
    }

    /** Changes a word of a node, as a part of the commit. */
    public void setWord(long address, long value) {
        group.setLong(address, value);
    }

    /** Makes the change. If it is refused nothing has changed. */
    public void commit() {
        if (word(StoreHeader.NOTED_AT) + noted > StoreHeader.NOTES_MAX) {
            throw region.damaged("a change replaces more nodes than there can be on its way");
        }
        for (int i = 0; i < noted; i++) {
            group.setLong(region.address() + StoreHeader.noteAt((int) word(StoreHeader.NOTED_AT) + i), notes[i]);
        }
        add(StoreHeader.NOTED_AT, noted);
        for (int i = firstNewFreePage; i < word(StoreHeader.STACK_AT); i++) {
            group.setInt(region.address() + StoreHeader.freePageAt(i), freePages[i]);
        }
        for (int i = StoreHeader.EPOCH_AT / Long.BYTES + 1; i < words.length; i++) {
            if (words[i] != begun[i]) {
                // ORDER(node-published) release: the group comes after the bytes of the new nodes.
                group.setLong(region.address() + (long) i * Long.BYTES, words[i]);
            }
        }
        // STEP(change a store 4)
        group.commit();
    }

    // ---- nodes

    /**
     * Finds room for a node.
     *
     * @return a reference, not inner
     * @throws StructureFullException if the region has no room
     */
    public int allocate(Purpose purpose, int granules) {
        int at = openPageFor(purpose, granules);
        long open = word(at);
        set(at, OpenPage.filled(open, granules));
        return NodeRef.of(OpenPage.page(open), OpenPage.fill(open));
    }

    private int openPageFor(Purpose purpose, int granules) {
        int shared = StoreHeader.openAt(Purpose.ANY.number);
        if (word(StoreHeader.SHARING_AT) > 0) {
            if (canTake(word(shared), granules)) {
                return shared;
            }
            add(StoreHeader.SHARING_AT, -1);
        }
        int at = word(StoreHeader.SHARING_AT) > 0 ? shared : StoreHeader.openAt(purpose.number);
        if (!canTake(word(at), granules)) {
            openPage(at, granules);
        }
        return at;
    }

    private boolean canTake(long open, int granules) {
        return OpenPage.room(open) >= granules && (OpenPage.room(open) >= ROOM_WORTH_A_COPY
                || section.isOwn(addressOfPage(OpenPage.page(open))));
    }

    private void openPage(int at, int granules) {
        long open = word(at);
        if (OpenPage.room(open) > 0) {
            note(Note.of(NodeRef.of(OpenPage.page(open), OpenPage.fill(open)), OpenPage.room(open)));
        }
        int page = takePage(granules);
        set(at, OpenPage.of(page, 0));
        add(StoreHeader.LIVE_AT, NodeRef.GRANULES_PER_PAGE);
        note(Note.ofTaken(page));
    }

    /** Says that a node is not needed any more when this change is made. */
    public void free(int ref, int granules) {
        note(Note.of(ref, granules));
    }

    private void note(long note) {
        // STEP(change a store 3)
        notes[noted++] = note;
    }

    /** Writes a new node. */
    public void write(int ref, MemorySegment bytes) {
        // STEP(change a store 2)
        region.memory().copyFrom(bytes, 0, region.addressOf(ref), bytes.byteSize());
    }

    /**
     * True if a node is better written where it is than copied: its page is not shared, as far as is known, and is not
     * to be emptied. Or there is no room for a copy.
     */
    public boolean isWrittenInPlace(int ref) {
        return sparing || (section.isOwn(region.addressOf(ref)) && !isToBeMoved(ref));
    }

    /** Lets the rest of this change write nodes where they are, even if that copies whole pages. */
    public void spareRoom() {
        sparing = true;
    }

    // ---- cleaning

    /** Used pages are on average filled less than this when cleaning begins, and such pages are emptied. */
    private static final int HALF = NodeRef.GRANULES_PER_PAGE / 2;

    /** In a full region fuller pages are emptied, too. */
    private static final int MOSTLY = NodeRef.GRANULES_PER_PAGE * 3 / 4;

    private static final int CLEANING_FROM_PAGES = 64;

    /** The last pages are for cleaning when the region is full. */
    private static final int LAST_PAGES = 4;

    private void updateCleaning() {
        long used = word(StoreHeader.TOP_AT) - firstPage - word(StoreHeader.FREE_AT);
        boolean isSparse = used > CLEANING_FROM_PAGES && word(StoreHeader.LIVE_AT) < used * HALF;
        sparseBelow = Math.max(sparseBelowWhenFull, isSparse ? HALF : 0);
    }

    /**
     * Chooses the pages to empty so that there is room for more: the emptiest ones, as long as what is in them fits into
     * the last pages. Counts all notes first. Until {@link #endMakingRoom} changes may take the last pages.
     *
     * @return false if no page can be won
     */
    public boolean beginMakingRoom() {
        endMakingRoom();
        countAllNotes();
        int[] pages = new int[NodeRef.GRANULES_PER_PAGE + 1]; // by their counts
        for (int page = firstPage; page < word(StoreHeader.TOP_AT); page++) {
            pages[Math.clamp(count(page), 0, NodeRef.GRANULES_PER_PAGE)]++;
        }
        long left = room() * NodeRef.GRANULES_PER_PAGE - NodeRef.GRANULES_PER_PAGE / 2; // some cannot be filled
        long moved = 0;
        int emptied = 0;
        int below = 1;
        while (below < MOSTLY && moved + (long) below * pages[below] <= left) {
            moved += (long) below * pages[below];
            emptied += pages[below];
            below++;
        }
        sparseBelowWhenFull = below;
        return (long) emptied * NodeRef.GRANULES_PER_PAGE - moved > NodeRef.GRANULES_PER_PAGE;
    }

    /** Ends what {@link #beginMakingRoom} has begun. */
    public void endMakingRoom() {
        sparseBelowWhenFull = 0;
    }

    /** The number of pages that can be taken. */
    public long room() {
        return word(StoreHeader.FREE_AT) + region.pages() - word(StoreHeader.TOP_AT);
    }

    /** There cannot be more inner nodes than this. */
    public long innerNodesMax() {
        return (word(StoreHeader.TOP_AT) - firstPage) * (NodeRef.GRANULES_PER_PAGE / Trie.INNER_GRANULES);
    }

    /** True if a change that makes no room itself can take a page. */
    public boolean hasRoom() {
        return room() > LAST_PAGES;
    }

    /** True if so much of the pages is unused that nodes are worth moving. */
    public boolean isCleaning() {
        return sparseBelow > 0;
    }

    /** True if a node lies in a page that is hardly used any more, and there is enough of that to be worth moving. */
    public boolean isToBeMoved(int ref) {
        int count = isCleaning() ? count(NodeRef.page(ref)) : 0;
        return count > 0 && count < sparseBelow; // 0 if it is not known yet
    }

    // ---- pages

    private long addressOfPage(int page) {
        return region.address() + ((long) page << Geometry.PAGE_SHIFT);
    }

    private int count(int page) {
        return region.memory().getShort(region.address() + StoreHeader.countAt(page));
    }

    private int takePage(int granules) {
        if (!hasRoom() && sparseBelowWhenFull == 0) {
            throw full(granules);
        }
        if (word(StoreHeader.STACK_AT) == 0 && word(StoreHeader.FREE_AT) > 0) {
            findFreePages();
        }
        if (word(StoreHeader.STACK_AT) > 0) {
            add(StoreHeader.STACK_AT, -1);
            add(StoreHeader.FREE_AT, -1);
            int page = freePage((int) word(StoreHeader.STACK_AT));
            if (page < firstPage || page >= word(StoreHeader.TOP_AT) || count(page) != 0) {
                throw region.damaged("a page in use is listed as free");
            }
            // ORDER(node-reused) fence: the epoch that was raised when the page became free comes before its new bytes.
            VarHandle.storeStoreFence();
            return page;
        }
        if (word(StoreHeader.TOP_AT) == region.pages()) {
            throw full(granules);
        }
        int page = (int) word(StoreHeader.TOP_AT);
        if (count(page) != 0) { // from before the store was cleared
            group.setShort(region.address() + StoreHeader.countAt(page), (short) 0);
        }
        add(StoreHeader.TOP_AT, 1);
        return page;
    }

    private StructureFullException full(int granules) {
        return new StructureFullException(region.toString(), (long) granules << NodeRef.GRANULE_SHIFT,
                region.usedBytes(), region.sizeBytes());
    }

    private int freePage(int index) {
        return index >= firstNewFreePage ? freePages[index]
                : region.memory().getInt(region.address() + StoreHeader.freePageAt(index));
    }

    /**
     * Fills the list of free pages from the counts. Looks at a part of them, and goes on there the next time; if the
     * region has no other pages, it looks at all of them.
     * <p>
     * So pages that lie side by side are used one after the other, and share a leaf of the page table. That matters
     * beside a snapshot: a leaf that is shared has to be copied before the first write to one of its pages.
     */
    private void findFreePages() {
        int top = (int) word(StoreHeader.TOP_AT);
        int start = firstPage & -COUNTS_PER_WORD;
        int all = (top - start + COUNTS_PER_WORD - 1) & -COUNTS_PER_WORD; // once around, and no page twice
        int page = searchFrom >= start && searchFrom < top ? searchFrom : start;
        int counts = top == region.pages() ? all : Math.min(COUNTS_LOOKED_AT, all);
        int wanted = (int) Math.min(freePages.length, word(StoreHeader.FREE_AT));
        int found = 0;
        listUncounted();
        for (int looked = 0; looked < counts && found < wanted; looked += COUNTS_PER_WORD) {
            found = findFreePages(page, top, found, wanted);
            page = page + COUNTS_PER_WORD < top ? page + COUNTS_PER_WORD : start;
        }
        searchFrom = page;
        firstNewFreePage = 0;
        set(StoreHeader.STACK_AT, found);
    }

    /** Looks at the counts of one word. */
    private int findFreePages(int page, int top, int known, int wanted) {
        int found = known;
        // Only zeros are told from others, so the order of bytes within a count does not matter.
        long counts = region.memory().getLong(region.address() + StoreHeader.countAt(page), ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < COUNTS_PER_WORD && found < wanted; i++) {
            int candidate = page + i;
            if (candidate >= firstPage && candidate < top && countOf(counts, i) == 0
                    && Arrays.binarySearch(uncounted, 0, uncountedCount, candidate) < 0) {
                freePages[found++] = candidate;
            }
        }
        return found;
    }

    /** Lists the pages whose taking is not counted yet, sorted. */
    private void listUncounted() {
        uncountedCount = 0;
        for (int i = 0; i < word(StoreHeader.NOTED_AT); i++) {
            addUncounted(region.memory().getLong(region.address() + StoreHeader.noteAt(i)));
        }
        for (int i = 0; i < noted; i++) {
            addUncounted(notes[i]);
        }
        Arrays.sort(uncounted, 0, uncountedCount);
    }

    private void addUncounted(long note) {
        if (Note.isOfTaken(note)) {
            uncounted[uncountedCount++] = Note.page(note);
        }
    }

    private static int countOf(long counts, int index) {
        return (int) (counts >>> (index * Short.SIZE)) & COUNT_MASK;
    }

    /**
     * Counts some notes, and so finds pages that are free. A change of its own. It raises the epoch, so that readers
     * that may look into these pages begin again.
     */
    private void countNotes() {
        int last = (int) word(StoreHeader.NOTED_AT);
        int count = Math.min(last, NOTES_COUNTED);
        for (int i = 0; i < count; i++) {
            long note = region.memory().getLong(region.address() + StoreHeader.noteAt(last - count + i));
            if (!Note.isSane(note, firstPage, (int) word(StoreHeader.TOP_AT))) {
                throw region.damaged("a note is impossible");
            }
            counted[i] = Note.byPage(note);
            add(StoreHeader.LIVE_AT, Note.isOfTaken(note) ? 0 : -Note.granules(note));
        }
        Arrays.sort(counted, 0, count);
        add(StoreHeader.NOTED_AT, -count);
        raiseEpoch();
        int done = countByPage(count);
        for (int i = done; i < count; i++) {
            long note = Note.ofByPage(counted[i]);
            note(note);
            add(StoreHeader.LIVE_AT, Note.isOfTaken(note) ? 0 : Note.granules(note));
        }
        commit();
    }

    /** Counts notes that are sorted by page, as many as fit into one group. Returns how many. */
    private int countByPage(int count) {
        int done = 0;
        int countPages = 0;
        int lastCountPage = 0;
        while (done < count) {
            int page = Note.page(Note.ofByPage(counted[done]));
            int countPage = StoreHeader.pageOfCount(page);
            countPages += countPage == lastCountPage ? 0 : 1;
            if (countPages > COUNT_PAGES) {
                return done;
            }
            lastCountPage = countPage;
            int delta = 0;
            for (; done < count && Note.page(Note.ofByPage(counted[done])) == page; done++) {
                delta += Note.delta(Note.ofByPage(counted[done]));
            }
            setCount(page, count(page) + delta);
        }
        return done;
    }

    /**
     * Sets the count of a page. It may be negative for a while: pieces may be counted before the note that the page was
     * taken. It is 0 in the end only if all of the page is unused.
     */
    private void setCount(int page, int count) {
        if (count < -NodeRef.GRANULES_PER_PAGE || count > NodeRef.GRANULES_PER_PAGE) {
            throw region.damaged("more of a page was freed than was used");
        }
        group.setShort(region.address() + StoreHeader.countAt(page), (short) count);
        if (count == 0) {
            closeOpen(page);
            add(StoreHeader.FREE_AT, 1);
        }
    }

    /** A page that is full, and whose nodes are all gone, may still be the last that was opened. */
    private void closeOpen(int page) {
        for (int purpose = 0; purpose < Purpose.COUNT; purpose++) {
            if (OpenPage.page(word(StoreHeader.openAt(purpose))) == page) {
                set(StoreHeader.openAt(purpose), OpenPage.NONE);
            }
        }
    }

    /** Counts all notes, each part as a change of its own. */
    void countAllNotes() {
        load();
        while (word(StoreHeader.NOTED_AT) > 0) {
            countNotes();
            load();
        }
    }

    // ---- all at once

    /**
     * Makes the store empty, as a change of its own, and gives the memory of its pages back.
     */
    public void clear() {
        load();
        long top = word(StoreHeader.TOP_AT);
        raiseEpoch();
        setRoot(NodeRef.NONE);
        set(StoreHeader.ENTRIES_AT, 0);
        set(StoreHeader.TOP_AT, firstPage);
        set(StoreHeader.FREE_AT, 0);
        set(StoreHeader.LIVE_AT, 0);
        set(StoreHeader.NOTED_AT, 0);
        set(StoreHeader.STACK_AT, 0);
        for (int purpose = 0; purpose < Purpose.COUNT; purpose++) {
            set(StoreHeader.openAt(purpose), OpenPage.NONE);
        }
        commit();
        if (top > firstPage) {
            giveBack(top);
        }
    }

    /** Gives back the memory of the pages below a page. */
    private void giveBack(long top) {
        try {
            region.space().discard(addressOfPage(firstPage), (top - firstPage) << Geometry.PAGE_SHIFT);
        } catch (MemoryException later) {
            // The store is empty all the same. Its pages are used again as they are.
            return;
        }
    }
}
