package io.quire.memory.bench.evict;

/** A cache of pages that decides which page to evict: ours, or a rival. Pages are numbered from 0. */
interface Policy {

    /** Uses a page, and brings it in if it is not there. True for a hit. */
    boolean access(int page);
}
