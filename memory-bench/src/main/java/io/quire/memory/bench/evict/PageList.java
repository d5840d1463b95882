package io.quire.memory.bench.evict;

/** A doubly linked list of pages without duplicates. A page may be in several lists. */
final class PageList {

    /** The sentinel between the newest page and the oldest. */
    private final int end;
    private final int[] newer;
    private final int[] older;
    private int size;

    PageList(int pages) {
        end = pages;
        newer = new int[pages + 1];
        older = new int[pages + 1];
        newer[end] = end;
        older[end] = end;
    }

    int size() {
        return size;
    }

    int oldest() {
        return newer[end];
    }

    /** Returns the next newer page, or the oldest if this is the newest. */
    int newerOrOldest(int page) {
        return newer[page] == end ? newer[end] : newer[page];
    }

    void add(int page) {
        int newest = older[end];
        newer[newest] = page;
        older[page] = newest;
        newer[page] = end;
        older[end] = page;
        size++;
    }

    void remove(int page) {
        newer[older[page]] = newer[page];
        older[newer[page]] = older[page];
        size--;
    }

    int removeOldest() {
        int page = oldest();
        remove(page);
        return page;
    }

    void moveToNewest(int page) {
        remove(page);
        add(page);
    }
}
