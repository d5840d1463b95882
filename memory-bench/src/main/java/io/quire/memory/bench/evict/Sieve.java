package io.quire.memory.bench.evict;

/**
 * SIEVE (Zhang and others, NSDI 2024): a hand moves from old pages to new ones. Pages that survive stay where they are.
 */
final class Sieve extends ListPolicy {

    private static final int NOWHERE = -1;

    private final boolean[] visited;
    private int hand = NOWHERE;

    Sieve(int pages, int frames) {
        super(pages, frames);
        visited = new boolean[pages];
    }

    @Override
    void hit(int page) {
        visited[page] = true;
    }

    @Override
    int evict() {
        int victim = hand == NOWHERE ? list.oldest() : hand;
        while (visited[victim]) {
            visited[victim] = false;
            victim = list.newerOrOldest(victim);
        }
        // After the newest page the hand starts again with the oldest.
        int next = list.newerOrOldest(victim);
        hand = next == list.oldest() ? NOWHERE : next;
        list.remove(victim);
        return victim;
    }
}
