package io.quire.memory.bench.evict;

/** SIEVE (Zhang and others, NSDI 2024): a hand goes from old to new, and survivors stay where they are. */
final class Sieve implements Policy {

    private static final int NOWHERE = -1;

    private final int frames;
    private final boolean[] resident;
    private final boolean[] visited;
    private final PageList list;
    private int hand = NOWHERE;

    Sieve(int pages, int frames) {
        this.frames = frames;
        resident = new boolean[pages];
        visited = new boolean[pages];
        list = new PageList(pages);
    }

    @Override
    public boolean access(int page) {
        if (resident[page]) {
            visited[page] = true;
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
        int victim = hand == NOWHERE ? list.oldest() : hand;
        while (visited[victim]) {
            visited[victim] = false;
            victim = list.newerOrOldest(victim);
        }
        // After the newest page the hand begins anew, with whatever is oldest then.
        int next = list.newerOrOldest(victim);
        hand = next == list.oldest() ? NOWHERE : next;
        list.remove(victim);
        resident[victim] = false;
    }
}
