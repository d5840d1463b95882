package io.quire.memory.bench.evict;

/** A cache of pages that decides what to throw out: the rivals, and ours. Pages count from 0. */
interface Policy {

    /** Uses a page, and brings it in if it is not there. True for a hit. */
    boolean access(int page);
}
