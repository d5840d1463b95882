package io.quire.memory.table;

import java.util.Arrays;

/**
 * The translations from page to frame that one accessor has used lately, like the TLB of a processor. The cache is
 * direct-mapped, with one word for each translation. The tag is in that word, so that a lookup is one load. The cache
 * grows with the number of pages in use, up to 2 MiB for 1 GiB of pages.
 * <p>
 * One thread. The cache does not know if a translation is still valid: its owner compares the version of the space.
 */
public final class TranslationCache {

    /** Returned in place of an offset if nothing was found. */
    public static final long MISS = -1;

    private static final int FIRST_SIZE_SHIFT = 9;
    private static final int LAST_SIZE_SHIFT = 18;
    private static final int GROWTH_SHIFT = 3;

    /** After this many misses per word there are more pages in use than words, and the cache grows. */
    private static final int MISSES_PER_WORD = 4;

    /** The array of all released caches. It never holds a translation. */
    private static final long[] RELEASED = new long[1];

    private long[] words;
    private int tagShift;
    private long stamp = 1;
    private int misses;

    /** A small cache without any translation. */
    public TranslationCache() {
        words = new long[1 << FIRST_SIZE_SHIFT];
        tagShift = Geometry.PAGE_SHIFT + FIRST_SIZE_SHIFT;
    }

    /** The offset of a byte that may be read, or {@link #MISS}. */
    public long find(long address) {
        long[] known = words;
        long word = known[index(address, known)];
        return TranslationWord.hasTag(word, TranslationWord.tag(address, tagShift))
                ? TranslationWord.offset(word) + Geometry.pageOffset(address) : MISS;
    }

    /** The offset of a byte that may be written, or {@link #MISS}. */
    public long findWritable(long address) {
        long[] known = words;
        long word = known[index(address, known)];
        return TranslationWord.hasTagAndStamp(word, TranslationWord.tag(address, tagShift), stamp)
                ? TranslationWord.offset(word) + Geometry.pageOffset(address) : MISS;
    }

    /**
     * Finds the offsets of longs that may be read, up to the first one that is not aligned or not in the cache.
     *
     * @param from the index of the first address to look up
     * @return the index of the address that stopped it, or the length of {@code offsets} if none did
     */
    public int findAll(long[] addresses, long[] offsets, int from) {
        long[] known = words;
        int shift = tagShift;
        for (int i = from; i < offsets.length; i++) {
            long address = addresses[i];
            long word = known[index(address, known)];
            if (!TranslationWord.hasTag(word, TranslationWord.tag(address, shift))
                    || (address & Long.BYTES - 1) != 0) {
                return i;
            }
            offsets[i] = TranslationWord.offset(word) + Geometry.pageOffset(address);
        }
        return offsets.length;
    }

    /** Keeps the translation of a page that may be read. */
    public void keep(long address, long offset) {
        keep(address, offset, TranslationWord.READ_ONLY);
    }

    /** Keeps the translation of a page that may be written. */
    public void keepWritable(long address, long offset) {
        keep(address, offset, stamp);
    }

    private void keep(long address, long offset, long itsStamp) {
        if (++misses > words.length * MISSES_PER_WORD) {
            grow();
        }
        long tag = TranslationWord.tag(address, tagShift);
        if (TranslationWord.fits(tag)) {
            words[index(address, words)] = TranslationWord.of(tag, offset, itsStamp);
        }
    }

    /** Forgets the page of an address. */
    public void forget(long address) {
        words[index(address, words)] = TranslationWord.NONE;
    }

    /** Forgets all pages of the leaf that an address lies in. */
    public void forgetLeaf(long address) {
        long start = address & -Geometry.LEAF_BYTES;
        for (int page = 0; page < Geometry.FAN_OUT; page++) {
            forget(start + ((long) page << Geometry.PAGE_SHIFT));
        }
    }

    /** Forgets which pages may be written. */
    public void forgetWrites() {
        if (stamp == TranslationWord.STAMP_MAX) {
            forgetAll();
        } else {
            stamp++;
        }
    }

    /** Forgets everything. */
    public void forgetAll() {
        Arrays.fill(words, TranslationWord.NONE);
        stamp = 1;
    }

    /** Forgets everything for good. Allocates nothing; nothing may be kept afterwards. */
    public void release() {
        words = RELEASED;
    }

    private void grow() {
        misses = 0;
        if (tagShift < Geometry.PAGE_SHIFT + LAST_SIZE_SHIFT) {
            int shift = tagShift + GROWTH_SHIFT;
            // Allocate first: if that fails, the old shift must stay, or a tag would leave out bits that no index has.
            words = new long[1 << (shift - Geometry.PAGE_SHIFT)];
            tagShift = shift;
        }
    }

    private static int index(long address, long[] words) {
        return (int) (address >>> Geometry.PAGE_SHIFT) & (words.length - 1);
    }

    @Override
    public String toString() {
        return "TranslationCache[words=" + words.length + ", stamp=" + stamp + ", misses=" + misses + "]";
    }
}
