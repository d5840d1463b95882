package io.quire.memory.stress;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/**
 * What one iteration works on: a space with two written pages in one leaf, and a meeting of its two actors. All
 * iterations share the manager, and each closes its spaces.
 */
final class Stage {

    /** The first value of both pages, and a value in other spaces that no reader of this one may see. */
    static final long OLD = 1;
    static final long POISON = 0xBAD;

    static final int PAGE_BYTES = 4096;

    /** Large enough for the iterations that are prepared at a time: some ten thousand, with a few frames each. */
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

    /** Opens a space of one page that begins with a value. Its frame is the one that the thread has freed last. */
    static AddressSpace newSpace(long value) {
        AddressSpace other = MEMORY.newAddressSpace();
        other.setLong(other.map(PAGE_BYTES), value);
        return other;
    }

    /** Reads the page of {@link #newSpace}: all spaces map their first range at the same address. */
    long firstValue(AddressSpace other) {
        return other.getLong(page);
    }
}
