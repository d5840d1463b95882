package io.quire.memory.bench.evict;

/** Throws out what was not used for the longest time. */
final class Lru implements Policy {

    private final int frames;
    private final boolean[] resident;
    private final PageList list;

    Lru(int pages, int frames) {
        this.frames = frames;
        resident = new boolean[pages];
        list = new PageList(pages);
    }

    @Override
    public boolean access(int page) {
        if (resident[page]) {
            list.moveToNewest(page);
            return true;
        }
        if (list.size() == frames) {
            resident[list.removeOldest()] = false;
        }
        list.add(page);
        resident[page] = true;
        return false;
    }
}
