package io.quire.memory.nodes;

import io.quire.memory.table.Geometry;

/**
 * The first page of a store of nodes, and what lies behind it.
 * <pre>
 *      0  MAGIC     says what structure it is               96  STACK       free pages in the list below
 *      8  VERSION   of this layout                         104  SHARING     pages for nodes of any purpose, still to
 *     16  SIZE      of the region, whole pages                              come after the last fork
 *     24  SEED      of the hash, random                    128  OPEN PAGES  4 x OpenPage, one for each Purpose
 *     32  EPOCH     raised before bytes that a reader      192  FREE PAGES  64 x 4 bytes: some of the pages that are
 *                   may be looking at are used again                        free; a count of 0 tells of the others
 *     40  ROOT      NodeRef                                512  NOTES       448 x Note
 *     48  ENTRIES   how many
 *     56  unused                                          4096  COUNTS      2 bytes for each page of the region:
 *     64  TOP       pages from here on were never used                      granules in use, or not noted yet as unused;
 *     72  FREE      pages before the top that are free                      0 if the page is free
 *     80  LIVE      the sum of all counts                   ..  the pages of nodes
 *     88  NOTED     how many notes there are
 * </pre>
 * The program may overwrite any of it, so each word is checked before it is used.
 */
final class StoreHeader {

    static final long VERSION_NOW = 1;

    static final int MAGIC_AT = 0;
    static final int VERSION_AT = 8;
    static final int SIZE_AT = 16;
    static final int SEED_AT = 24;
    static final int EPOCH_AT = 32;
    static final int ROOT_AT = 40;
    static final int ENTRIES_AT = 48;
    static final int TOP_AT = 64;
    static final int FREE_AT = 72;
    static final int LIVE_AT = 80;
    static final int NOTED_AT = 88;
    static final int STACK_AT = 96;
    static final int SHARING_AT = 104;
    static final int OPEN_AT = 128;
    static final int FREE_PAGES_AT = 192;
    static final int NOTES_AT = 512;
    static final int BYTES = Geometry.PAGE_BYTES;

    static final int STACK_MAX = 64;
    static final int NOTES_MAX = (BYTES - NOTES_AT) / Long.BYTES;

    private static final int COUNTS_PER_PAGE = Geometry.PAGE_BYTES / Short.BYTES;

    private StoreHeader() {
    }

    static int openAt(int purpose) {
        return OPEN_AT + purpose * Long.BYTES;
    }

    static int freePageAt(int index) {
        return FREE_PAGES_AT + index * Integer.BYTES;
    }

    static int noteAt(int index) {
        return NOTES_AT + index * Long.BYTES;
    }

    static long countAt(int page) {
        return BYTES + (long) page * Short.BYTES;
    }

    /** The page that the count of a page lies in. */
    static int pageOfCount(int page) {
        return 1 + page / COUNTS_PER_PAGE;
    }

    /** The first page that can hold nodes, in a region of some pages. */
    static int firstPage(int pages) {
        return 1 + (pages + COUNTS_PER_PAGE - 1) / COUNTS_PER_PAGE;
    }
}
