package io.quire.memory.demo;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;

/**
 * Measures single writes to pages, without the work of a map, in 256 KiB of the live space that nothing else uses.
 * After a fork it writes to each of these pages twice. The first write copies the page; the second does not. For one
 * thread.
 */
final class FirstWriteProbe {

    private static final int PAGES = 64;

    private final Latencies first = new Latencies();
    private final Latencies second = new Latencies();
    private final long address;

    private FirstWriteProbe(long address) {
        this.address = address;
    }

    /** Maps the pages and makes them resident. */
    static FirstWriteProbe in(AddressSpace space) {
        long sizeBytes = PAGES * Units.PAGE_BYTES;
        long address = space.map(sizeBytes);
        space.fill(address, sizeBytes, (byte) 1);
        return new FirstWriteProbe(address);
    }

    /** Writes to every page twice. All pages must be shared with a fork at first. */
    void run(Accessor live, long value) {
        writeAll(live, value, first);
        writeAll(live, value, second);
    }

    private void writeAll(Accessor live, long value, Latencies latencies) {
        for (int page = 0; page < PAGES; page++) {
            long target = address + page * Units.PAGE_BYTES;
            long start = System.nanoTime();
            live.setLong(target, value);
            latencies.addSince(start);
        }
    }

    /** Returns the times of the first writes to a page after a fork. */
    Latencies first() {
        return first;
    }

    /** Returns the times of the second writes to the same pages. */
    Latencies second() {
        return second;
    }
}
