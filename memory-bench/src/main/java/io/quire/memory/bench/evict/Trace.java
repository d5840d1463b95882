package io.quire.memory.bench.evict;

import java.util.Arrays;
import org.agrona.collections.Long2LongHashMap;

/** A sequence of page accesses. Pages are numbered from 0 in the order of their first use. */
final class Trace {

    private final String name;
    private final int pages;
    private final int[] accesses;

    private Trace(String name, int pages, int[] accesses) {
        this.name = name;
        this.pages = pages;
        this.accesses = accesses;
    }

    /** Makes a trace from any keys that name pages. */
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

    /** Returns how many different pages the trace uses. */
    int pages() {
        return pages;
    }

    /** Returns the page numbers; the array is not a copy. */
    int[] accesses() {
        return accesses;
    }

    /** Returns the hits of a policy in percent of all accesses. The cache is empty at first. */
    double hitPercent(Policy policy) {
        long hits = Arrays.stream(accesses).filter(policy::access).count();
        return 100.0 * hits / accesses.length;
    }
}
