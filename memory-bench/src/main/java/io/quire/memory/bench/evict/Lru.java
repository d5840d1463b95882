package io.quire.memory.bench.evict;

/** LRU: evicts the page that was used longest ago. */
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
