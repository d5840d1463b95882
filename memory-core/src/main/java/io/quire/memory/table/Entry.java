package io.quire.memory.table;

import io.quire.memory.frame.FrameOffset;

/**
 * The page table entry of one page: its frame, and what may be done with it. All methods are pure; {@link Leaf}
 * publishes their results.
 * <pre>
 *  63        49 48                                        12 11     7 6 5 4 3 2 1 0
 * +------------+--------------------------------------------+---------+-+-+-+-+-+-+-+
 * |  reserved  |    OFFSET of the frame / 4096 (private?)   | reserved|N|V|X|M|P|W|R|
 * +------------+--------------------------------------------+---------+-+-+-+-+-+-+-+
 *       15                        37                             5     1 1 1 1 1 1 1  bits
 *
 *   absent --present--> R,P --writable--> R,W,P --readOnly--> R,P --hidden--> P --visible--> R,P
 *
 *   R,P   --replaced-->  R,N,P --writable--> R,W,P        N: nobody may write until the old frame is invalidated
 *   R,W,P --migrating--> R,W,M,P --settled--> R,W,P       M: nobody may write until the migration is over
 *   R,P   --exclusive--> V,X,P   --inclusive--> R,P       X: only a device may access it
 *   V,P   in a private frame, in place of R,P             V: R, as soon as the processor can reach the frame
 * </pre>
 * The offset has the same bits in an entry as on its own, so a reader needs a mask and no shift. R means that a read
 * may go ahead. W counts only without M, and only in a leaf that its directory lists as writable: so a fork takes W
 * away from a whole tree without touching it.
 */
public final class Entry {

    /** No frame: the page was never written, was discarded, or is not mapped. */
    public static final long ABSENT = 0;

    private static final long READABLE = 1;
    private static final long WRITABLE = 1 << 1;
    private static final long PRESENT = 1 << 2;
    private static final long MIGRATING = 1 << 3;
    private static final long EXCLUSIVE = 1 << 4;
    private static final long VISIBLE = 1 << 5;
    private static final long NEW = 1 << 6;

    private static final int OFFSET_END = 49;
    private static final long OFFSET_MASK = (1L << OFFSET_END) - 1 & -Geometry.PAGE_BYTES;

    private Entry() {
    }

    /** The entry of a page whose frame begins at an offset and whose mapping allows reads. */
    public static long present(long offset) {
        assert (offset & ~OFFSET_MASK) == 0 : "offset=0x" + Long.toHexString(offset);
        return visible(offset | PRESENT);
    }

    /** Allows writes if reads are allowed. If the frame was {@link #isNew new}, its predecessor is invalidated now. */
    public static long writable(long entry) {
        return (entry & ~NEW) | (isReadable(entry) ? WRITABLE : 0);
    }

    /** The entry of a page that got a copy of its frame, as long as somebody may still read the old frame. */
    public static long replaced(long entry, long offset) {
        return readOnly(moved(entry, offset)) | NEW;
    }

    /** Ends what {@link #replaced} began, without allowing writes. */
    public static long invalidated(long entry) {
        return entry & ~NEW;
    }

    public static long readOnly(long entry) {
        return entry & ~WRITABLE;
    }

    /** Takes away all access but keeps the frame. */
    public static long hidden(long entry) {
        return entry & ~(READABLE | WRITABLE | VISIBLE);
    }

    /** Allows reads again. */
    public static long visible(long entry) {
        return entry | (isOutOfReach(entry) ? VISIBLE : READABLE);
    }

    /** Forbids writes until {@link #settled}, even where W is set. */
    public static long migrating(long entry) {
        return entry | MIGRATING;
    }

    /** Ends what {@link #migrating} began. */
    public static long settled(long entry) {
        return entry & ~MIGRATING;
    }

    /** Gives the page to a device alone. V remembers that the processor could read it. */
    public static long exclusive(long entry) {
        long taken = (entry & ~(READABLE | WRITABLE)) | EXCLUSIVE;
        return isReadable(entry) ? taken | VISIBLE : taken;
    }

    /** Ends what {@link #exclusive} began: the processor may read the page if it could before. */
    public static long inclusive(long entry) {
        long offset = entry & (OFFSET_MASK | PRESENT);
        return (entry & VISIBLE) != 0 ? visible(offset) : offset;
    }

    /**
     * The entry of the page in another frame. A hidden page stays hidden; any other is readable as soon as the
     * processor can reach the frame.
     */
    public static long moved(long entry, long offset) {
        long bare = (entry & WRITABLE) | offset | PRESENT;
        return (entry & (READABLE | VISIBLE)) == 0 ? readOnly(bare)
                : FrameOffset.isPrivate(offset) ? readOnly(visible(bare)) : visible(bare);
    }

    public static boolean isPresent(long entry) {
        return (entry & PRESENT) != 0;
    }

    /** True if the processor may read the frame now. */
    public static boolean isReadable(long entry) {
        return (entry & READABLE) != 0;
    }

    /** True if the processor may write the frame now. */
    public static boolean isWritable(long entry) {
        return (entry & (WRITABLE | MIGRATING)) == WRITABLE;
    }

    /**
     * True if the page has a new frame, and translations to the old one are not invalidated yet. Whoever allows writes
     * invalidates them first; otherwise a reader with the old frame could miss a write that it was told of.
     */
    public static boolean isNew(long entry) {
        return (entry & NEW) != 0;
    }

    /** True if a migration forbids writes. */
    public static boolean isMigrating(long entry) {
        return (entry & MIGRATING) != 0;
    }

    /** True if only a device may access the page. */
    public static boolean isExclusive(long entry) {
        return (entry & EXCLUSIVE) != 0;
    }

    /** True if the processor cannot address the frame. */
    public static boolean isPrivate(long entry) {
        return isPresent(entry) && FrameOffset.isPrivate(entry);
    }

    private static boolean isOutOfReach(long entry) {
        return isExclusive(entry) || FrameOffset.isPrivate(entry);
    }

    /** The offset at which the frame begins. */
    public static long offset(long entry) {
        return entry & OFFSET_MASK;
    }

    /** True if two entries have the same frame, or neither has one. */
    public static boolean isSameFrame(long entry, long other) {
        return ((entry ^ other) & (OFFSET_MASK | PRESENT)) == 0;
    }

    /** The entry as text. */
    public static String toString(long entry) {
        if (!isPresent(entry)) {
            return "absent";
        }
        return "0x" + Long.toHexString(offset(entry)) + (isReadable(entry) ? " R" : " -")
                + ((entry & WRITABLE) != 0 ? "W" : "-") + (isMigrating(entry) ? " migrating" : "")
                + (isExclusive(entry) ? " exclusive" : "") + (isNew(entry) ? " new" : "");
    }
}
