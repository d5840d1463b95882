package io.quire.memory.bench.allocate;

/** A source of pages of 4 KiB. It keeps the live pages in numbered slots. For one thread. */
interface PageSource extends AutoCloseable {

    int PAGE_BYTES = 4096;

    /** Allocates a page and puts it into an empty slot. */
    void allocate(int slot);

    /** Frees the page of a slot. */
    void free(int slot);

    /** Returns the number of slots, a power of two. */
    int live();

    /** Returns a source with the same allocator and slots of its own, for another thread. */
    PageSource forAnotherThread();

    /** Frees all pages. */
    @Override
    default void close() {
        for (int slot = 0; slot < live(); slot++) {
            free(slot);
        }
    }
}
