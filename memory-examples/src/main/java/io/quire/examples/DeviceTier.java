package io.quire.examples;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.EvictionReport;
import io.quire.memory.MemoryManager;
import io.quire.memory.MemoryPool;
import io.quire.memory.Pin;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;

/**
 * Keeps pages in a second tier of memory, beside the host. Here the tier is ordinary memory that plays a device; for a
 * real one, write a driver ({@link SkeletonDriver}). A page keeps its address, whichever tier it is in.
 */
public final class DeviceTier {

    private static final long SIZE = 1L << 20;

    public static void main(String[] args) {
        // @start region="device-tier"
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20)
                .deviceCoherentPool("near", 16L << 20)              // or .device("near", a driver of yours)
                .cowPlacement(CowPlacement.SAME_POOL).build();
                AddressSpace space = memory.newAddressSpace("index");
                Accessor live = space.accessor()) {

            MemoryPool near = memory.pool("near");
            long address = space.map(SIZE);
            live.setLong(address, 42);
            space.migrate(address, SIZE, near);                     // pages move, addresses stay

            try (AddressSpace past = space.fork()) {                // moves no page
                live.setLong(address, 43);                          // copies one page, and the copy stays near
                System.out.println("space " + live.getLong(address) + " in " + space.pageState(address).pool()
                        + ", fork " + past.getLong(address) + " in " + past.pageState(address).pool());
            }
            EvictionReport report = memory.evict(near, 16);         // makes room: pages go to the host
            System.out.println("evicted " + report.moved());
            // @end
            System.out.println("short-term pin " + pin(space, address + SIZE / 2, PinTerm.SHORT)
                    + ", long-term pin " + pin(space, address + SIZE / 2, PinTerm.LONG));
            // @start region="device-tier"
        }
        // @end
    }

    /**
     * Returns the pool in which a pin keeps its page. A long-term pin of a device page is refused, because the page
     * could never be evicted while it lasts.
     */
    private static String pin(AddressSpace space, long address, PinTerm term) {
        try (Pin pin = space.pin(address, 8, term, PinAccess.READ)) {
            return pin.state(address).pool();
        } catch (LongTermPinException refused) {
            return "refused";
        }
    }
}
