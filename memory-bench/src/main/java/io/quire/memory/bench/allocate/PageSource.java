package io.quire.memory.bench.allocate;

/** Something that hands out pages of 4 KiB, and keeps those that are live in numbered slots. One thread. */
interface PageSource extends AutoCloseable {

    int PAGE_BYTES = 4096;

    /** Takes a page into an empty slot. */
    void allocate(int slot);

    /** Gives the page of a slot back. */
    void free(int slot);

    /** How many slots there are, a power of two. */
    int live();

    /** The same allocator with slots of another thread's own. */
    PageSource forAnotherThread();

    /** Gives all pages back. */
    @Override
    default void close() {
        for (int slot = 0; slot < live(); slot++) {
            free(slot);
        }
    }
}
