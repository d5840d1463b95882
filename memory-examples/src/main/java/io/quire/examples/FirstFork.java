package io.quire.examples;

// @start region="first-fork"
import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;

/** Forks a space, writes to one side, and reads both. */
public final class FirstFork {

    public static void main(String[] args) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("orders");
                Accessor live = space.accessor()) {             // this thread's fast way into the space

            long address = space.map(1L << 30);                 // 1 GiB of addresses; memory comes with the first write
            live.setLong(address, 42);

            try (AddressSpace past = space.fork()) {            // takes the same time for a page and for gigabytes
                live.setLong(address, 43);                      // copies one page of 4 KiB
                System.out.println("space " + live.getLong(address) + ", fork " + past.getLong(address));
            }                                                   // prints: space 43, fork 42
        }
    }
}
// @end
