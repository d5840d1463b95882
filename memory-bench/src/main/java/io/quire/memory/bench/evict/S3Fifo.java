package io.quire.memory.bench.evict;

import java.util.Arrays;

/**
 * S3-FIFO (Yang and others, SOSP 2023) as published. A counter of two bits for each page counts every access. A small
 * FIFO, a tenth of the cache, passes pages that were accessed twice on to the main FIFO. A third list has the names of
 * evicted pages, as many as main has pages.
 */
final class S3Fifo implements Policy {

    private static final int COUNT_MAX = 3;
    private static final int COUNT_TO_PASS = 2;

    private enum Place { AWAY, SMALL, MAIN, KNOWN }

    private final int frames;
    private final int mainMax;
    private final Place[] places;
    private final byte[] counts;
    private final PageList small;
    private final PageList main;
    private final PageList known;

    S3Fifo(int pages, int frames) {
        this.frames = frames;
        mainMax = frames - Math.max(1, frames / 10);
        places = new Place[pages];
        Arrays.fill(places, Place.AWAY);
        counts = new byte[pages];
        small = new PageList(pages);
        main = new PageList(pages);
        known = new PageList(pages);
    }

    @Override
    public boolean access(int page) {
        if (places[page] == Place.SMALL || places[page] == Place.MAIN) {
            counts[page] = (byte) Math.min(COUNT_MAX, counts[page] + 1);
            return true;
        }
        boolean known = forgetName(page);
        while (small.size() + main.size() >= frames) {
            evict();
        }
        counts[page] = 0;
        if (known) {
            toMain(page);
        } else {
            small.add(page);
            places[page] = Place.SMALL;
        }
        return false;
    }

    private boolean forgetName(int page) {
        if (places[page] != Place.KNOWN) {
            return false;
        }
        known.remove(page);
        places[page] = Place.AWAY;
        return true;
    }

    private void evict() {
        if (main.size() > mainMax || small.size() == 0) {
            evictFromMain();
        } else {
            evictFromSmall();
        }
    }

    private void evictFromMain() {
        int page = main.removeOldest();
        while (counts[page] > 0) {
            counts[page]--;
            main.add(page);
            page = main.removeOldest();
        }
        places[page] = Place.AWAY;
    }

    private void evictFromSmall() {
        while (small.size() > 0) {
            int page = small.removeOldest();
            if (counts[page] < COUNT_TO_PASS) {
                rememberName(page);
                return;
            }
            counts[page] = 0;
            toMain(page);
        }
    }

    private void rememberName(int page) {
        if (known.size() > 0 && known.size() >= mainMax) {
            places[known.removeOldest()] = Place.AWAY;
        }
        known.add(page);
        places[page] = Place.KNOWN;
    }

    private void toMain(int page) {
        main.add(page);
        places[page] = Place.MAIN;
    }
}
