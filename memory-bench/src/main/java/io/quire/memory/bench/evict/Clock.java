package io.quire.memory.bench.evict;

/** CLOCK: FIFO, with a second chance for pages that were accessed since the policy last looked at them. */
final class Clock extends ListPolicy {

    private final boolean[] accessed;

    Clock(int pages, int frames) {
        super(pages, frames);
        accessed = new boolean[pages];
    }

    @Override
    void hit(int page) {
        accessed[page] = true;
    }

    @Override
    int evict() {
        int page = list.removeOldest();
        while (accessed[page]) {
            accessed[page] = false;
            list.add(page);
            page = list.removeOldest();
        }
        return page;
    }
}
