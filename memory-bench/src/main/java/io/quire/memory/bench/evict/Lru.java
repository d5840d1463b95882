package io.quire.memory.bench.evict;

/** Evicts the page that was not used for the longest time. */
final class Lru extends ListPolicy {

    Lru(int pages, int frames) {
        super(pages, frames);
    }

    @Override
    void hit(int page) {
        list.moveToNewest(page);
    }

    @Override
    int evict() {
        return list.removeOldest();
    }
}
