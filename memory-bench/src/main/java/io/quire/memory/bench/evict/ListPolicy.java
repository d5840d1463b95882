package io.quire.memory.bench.evict;

/** A policy that keeps all resident pages in one list. */
abstract class ListPolicy implements Policy {

    final PageList list;

    private final int frames;
    private final boolean[] resident;

    ListPolicy(int pages, int frames) {
        this.frames = frames;
        resident = new boolean[pages];
        list = new PageList(pages);
    }

    @Override
    public final boolean access(int page) {
        if (resident[page]) {
            hit(page);
            return true;
        }
        if (list.size() == frames) {
            resident[evict()] = false;
        }
        list.add(page);
        resident[page] = true;
        return false;
    }

    /** Notes that a resident page was used. */
    abstract void hit(int page);

    /** Removes a page from the list, and returns it. */
    abstract int evict();
}
