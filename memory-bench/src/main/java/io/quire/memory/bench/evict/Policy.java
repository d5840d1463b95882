package io.quire.memory.bench.evict;

/** A cache of pages that decides which page to evict: ours, or a rival. Pages are numbered from 0. */
interface Policy {

    /** Uses a page. Returns true if the page was resident; otherwise brings it in. */
    boolean access(int page);
}
