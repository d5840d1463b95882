package io.quire.memory.bench.evict;

/** FIFO with a second chance for what was accessed since it was looked at last. */
final class Clock implements Policy {

    private final int frames;
    private final boolean[] resident;
    private final boolean[] accessed;
    private final PageList list;

    Clock(int pages, int frames) {
        this.frames = frames;
        resident = new boolean[pages];
        accessed = new boolean[pages];
        list = new PageList(pages);
    }

    @Override
    public boolean access(int page) {
        if (resident[page]) {
            accessed[page] = true;
            return true;
        }
        if (list.size() == frames) {
            evict();
        }
        list.add(page);
        resident[page] = true;
        return false;
    }

    private void evict() {
        int page = list.removeOldest();
        while (accessed[page]) {
            accessed[page] = false;
            list.add(page);
            page = list.removeOldest();
        }
        resident[page] = false;
    }
}
