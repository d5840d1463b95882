package io.quire.memory.bench.allocate;

import java.lang.foreign.Arena;
import java.util.function.Supplier;

/** An arena of the JDK for each page. It zeroes the page; no other source does. */
@SuppressWarnings("ArrayRecordComponent") // never compared; the JIT trusts fields of records
record ArenaPages(Supplier<Arena> kind, Arena[] arenas) implements PageSource {

    /** Uses confined arenas, which belong to one thread. */
    static ArenaPages confined(int live) {
        return new ArenaPages(Arena::ofConfined, new Arena[live]);
    }

    /** Uses shared arenas, which all threads may use. Before such an arena ends, every thread has to be asked. */
    static ArenaPages shared(int live) {
        return new ArenaPages(Arena::ofShared, new Arena[live]);
    }

    @Override
    public void allocate(int slot) {
        arenas[slot] = kind.get();
        arenas[slot].allocate(PAGE_BYTES, PAGE_BYTES);
    }

    @Override
    public void free(int slot) {
        arenas[slot].close();
    }

    @Override
    public int live() {
        return arenas.length;
    }

    @Override
    public PageSource forAnotherThread() {
        return new ArenaPages(kind, new Arena[arenas.length]);
    }
}
