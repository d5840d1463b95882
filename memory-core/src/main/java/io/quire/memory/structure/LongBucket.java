package io.quire.memory.structure;

import io.quire.memory.space.ReadSection;
import java.lang.invoke.VarHandle;

/**
 * The entries of a {@link ForkableLongMap} whose hashes are alike: up to 15, each with a key, a value, and a tag of one
 * byte that comes from the hash, so that a search compares eight at a time.
 * <pre>
 *      0   TAGS 0     byte 0 unused, then the tags of the slots 1 to 7
 *      8   TAGS 8     the tags of the slots 8 to 15
 *     16   slot 1     key, value
 *     ..
 *    240   slot 15
 * </pre>
 * A tag of 0 means that the slot was never used, and 1 that its entry was removed. A slot that was never used can be
 * filled while readers look on: the tag comes last. If an entry was removed from it, they have to be told.
 */
final class LongBucket {

    static final int SLOTS = 15;
    static final int WORDS = 2 * (1 + SLOTS);
    static final int BYTES = WORDS * Long.BYTES;

    static final int FIRST_SLOT = 1;
    static final int NO_SLOT = 0;

    static final int NEVER_USED = 0;
    static final int REMOVED = 1;

    private static final int FIRST_TAG = 2;
    private static final int SLOT_SHIFT = 4;
    private static final int SLOTS_PER_WORD = 8;
    private static final long EACH_BYTE = 0x0101010101010101L;
    private static final long LOW_BITS = 0x7F7F7F7F7F7F7F7FL;
    private static final long WITHOUT_BYTE_0 = ~0xFFL;

    private LongBucket() {
    }

    static int tag(long hash) {
        int tag = (int) (hash >>> (Long.SIZE - Byte.SIZE));
        return tag < FIRST_TAG ? tag + FIRST_TAG : tag;
    }

    /** Returns a high bit for each byte of a word that is a tag. */
    private static long matches(long tags, int tag) {
        long differences = tags ^ (tag * EACH_BYTE);
        return ~((differences & LOW_BITS) + LOW_BITS | differences | LOW_BITS);
    }

    private static int firstSlot(long matches) {
        return Long.numberOfTrailingZeros(matches) >>> 3;
    }

    // ---- as a reader sees it

    /** The slot of a key in a bucket that lies at an offset, or {@link #NO_SLOT}. */
    static int find(ReadSection section, long at, long key, int tag) {
        long tags0 = section.getLong(at);
        long tags8 = section.getLong(at + Long.BYTES);
        // ORDER(node-published) fence: key and value are loaded after the tag that announces them.
        VarHandle.loadLoadFence();
        for (long found = matches(tags0, tag) & WITHOUT_BYTE_0; found != 0; found &= found - 1) {
            int slot = firstSlot(found);
            if (section.getLong(at + keyAt(slot)) == key) {
                return slot;
            }
        }
        for (long found = matches(tags8, tag); found != 0; found &= found - 1) {
            int slot = firstSlot(found) + SLOTS_PER_WORD;
            if (section.getLong(at + keyAt(slot)) == key) {
                return slot;
            }
        }
        return NO_SLOT;
    }

    static int keyAt(int slot) {
        return slot << SLOT_SHIFT;
    }

    static int valueAt(int slot) {
        return (slot << SLOT_SHIFT) + Long.BYTES;
    }

    /** Where the word with the tag of a slot is. */
    static int tagsAt(int slot) {
        return slot < SLOTS_PER_WORD ? 0 : Long.BYTES;
    }

    // ---- as the writer has it: its words, in an array

    static int tag(long[] bucket, int slot) {
        return (int) (bucket[slot / SLOTS_PER_WORD] >>> (slot % SLOTS_PER_WORD * Byte.SIZE)) & 0xFF;
    }

    static boolean isUsed(long[] bucket, int slot) {
        return tag(bucket, slot) >= FIRST_TAG;
    }

    static long key(long[] bucket, int slot) {
        return bucket[2 * slot];
    }

    static long value(long[] bucket, int slot) {
        return bucket[2 * slot + 1];
    }

    static void setTag(long[] bucket, int slot, int tag) {
        int shift = slot % SLOTS_PER_WORD * Byte.SIZE;
        int word = slot / SLOTS_PER_WORD;
        bucket[word] = (bucket[word] & ~(0xFFL << shift)) | (long) tag << shift;
    }

    static void set(long[] bucket, int slot, long key, long value, int tag) {
        bucket[2 * slot] = key;
        bucket[2 * slot + 1] = value;
        setTag(bucket, slot, tag);
    }

    /** The slot of a key, or {@link #NO_SLOT}. */
    static int find(long[] bucket, long key, int tag) {
        for (int slot = FIRST_SLOT; slot <= SLOTS; slot++) {
            if (key(bucket, slot) == key && tag(bucket, slot) == tag) {
                return slot;
            }
        }
        return NO_SLOT;
    }

    /** A slot that has no entry, preferably one that was never used; or {@link #NO_SLOT}. */
    static int vacancy(long[] bucket) {
        int vacancy = NO_SLOT;
        for (int slot = FIRST_SLOT; slot <= SLOTS; slot++) {
            if (tag(bucket, slot) == NEVER_USED) {
                return slot;
            }
            if (vacancy == NO_SLOT && tag(bucket, slot) == REMOVED) {
                vacancy = slot;
            }
        }
        return vacancy;
    }

    /** The number of entries. */
    static int count(long[] bucket) {
        int count = 0;
        for (int slot = FIRST_SLOT; slot <= SLOTS; slot++) {
            count += isUsed(bucket, slot) ? 1 : 0;
        }
        return count;
    }
}
