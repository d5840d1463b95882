package io.quire.memory.bench.evict;

import java.util.Arrays;

/**
 * 2Q (Johnson and Shasha, VLDB 1994), with the sizes that its authors recommend: a FIFO of newcomers, a quarter of the
 * cache; the names of the pages it evicted, half as many as the cache has frames; and an LRU for pages that came back
 * while their name was known.
 */
final class TwoQueues implements Policy {

    private enum Place { AWAY, NEWCOMER, KNOWN, PROVEN }

    private final int frames;
    private final int newcomersMax;
    private final int knownMax;
    private final Place[] places;
    private final PageList newcomers;
    private final PageList known;
    private final PageList proven;

    TwoQueues(int pages, int frames) {
        this.frames = frames;
        newcomersMax = Math.max(1, frames / 4);
        knownMax = Math.max(1, frames / 2);
        places = new Place[pages];
        Arrays.fill(places, Place.AWAY);
        newcomers = new PageList(pages);
        known = new PageList(pages);
        proven = new PageList(pages);
    }

    @Override
    public boolean access(int page) {
        switch (places[page]) {
            case PROVEN -> {
                proven.moveToNewest(page);
                return true;
            }
            case NEWCOMER -> {
                return true;
            }
            case KNOWN -> {
                known.remove(page);
                makeRoom();
                proven.add(page);
                places[page] = Place.PROVEN;
            }
            case AWAY -> {
                makeRoom();
                newcomers.add(page);
                places[page] = Place.NEWCOMER;
            }
        }
        return false;
    }

    private void makeRoom() {
        if (newcomers.size() + proven.size() < frames) {
            return;
        }
        if (newcomers.size() <= newcomersMax && proven.size() > 0) {
            places[proven.removeOldest()] = Place.AWAY;
            return;
        }
        if (known.size() == knownMax) {
            places[known.removeOldest()] = Place.AWAY;
        }
        int victim = newcomers.removeOldest();
        known.add(victim);
        places[victim] = Place.KNOWN;
    }
}
