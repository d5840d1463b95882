package io.quire.memory.stress;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/**
 * What one iteration works on: a space with two written pages in one leaf, and a place where its two actors
 * wait for each other, so that what they do next collides. The manager is shared by all iterations; each
 * closes its spaces.
 */
final class Stage {

    /** What the pages hold at first, and what a page holds that no reader of this stage may ever see. */
    static final long OLD = 1;
    static final long POISON = 0xBAD;

    static final int PAGE_BYTES = 4096;

    /** Some ten thousand iterations are prepared at a time, with a handful of frames each. */
    private static final MemoryManager MEMORY =
            MemoryManager.builder().hostPool(512L << 20).maxSpaces(1 << 18).build();

    final AddressSpace space = MEMORY.newAddressSpace();
    final long page = space.map(2 * PAGE_BYTES);
    final long nextPage = page + PAGE_BYTES;

    private final Meeting meeting = new Meeting();

    Stage() {
        space.setLong(page, OLD);
        space.setLong(nextPage, OLD);
    }

    /** Waits for the other actor. */
    void meet() {
        meeting.meet();
    }

    /** A space of one page that begins with a value; takes the frame its thread has freed last. */
    static AddressSpace newSpace(long value) {
        AddressSpace other = MEMORY.newAddressSpace();
        other.setLong(other.map(PAGE_BYTES), value);
        return other;
    }

    /** Reads the page of {@link #newSpace}: a space maps its first range at the same address as any other. */
    long firstValue(AddressSpace other) {
        return other.getLong(page);
    }
}
