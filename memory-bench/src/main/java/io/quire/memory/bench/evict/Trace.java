package io.quire.memory.bench.evict;

import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/** Which page was used, one access after the other. Pages are numbered from 0 in the order of their first use. */
final class Trace {

    private final String name;
    private final int pages;
    private final int[] accesses;

    private Trace(String name, int pages, int[] accesses) {
        this.name = name;
        this.pages = pages;
        this.accesses = accesses;
    }

    /** From whatever names the pages had. */
    static Trace of(String name, long[] keys) {
        Long2LongHashMap numbers = new Long2LongHashMap(-1);
        int[] accesses = new int[keys.length];
        for (int at = 0; at < keys.length; at++) {
            long number = numbers.get(keys[at]);
            if (number < 0) {
                number = numbers.size();
                numbers.put(keys[at], number);
            }
            accesses[at] = (int) number;
        }
        return new Trace(name, numbers.size(), accesses);
    }

    String name() {
        return name;
    }

    /** How many different pages it uses. */
    int pages() {
        return pages;
    }

    /** Page numbers; not a copy. */
    int[] accesses() {
        return accesses;
    }

    /** Hits in percent of all accesses, in a cache that is empty at first. */
    double hitPercent(Policy policy) {
        long hits = Arrays.stream(accesses).filter(policy::access).count();
        return 100.0 * hits / accesses.length;
    }
}
