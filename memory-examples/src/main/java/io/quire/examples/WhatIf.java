package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tries a change on a fork. If you do not like the result, close the fork: there is nothing to undo. If you like it,
 * close the parent and go on with the fork.
 */
public final class WhatIf {

    public static void main(String[] args) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("menu")) {
            ForkableMap prices = ForkableMap.create(space, 1L << 30);
            prices.put("tea".getBytes(UTF_8), price(320));
            prices.put("cake".getBytes(UTF_8), price(480));

            // @start region="what-if"
            try (AddressSpace whatIf = space.fork("what if")) {
                ForkableMap dearer = ForkableMap.open(whatIf, prices.address());    // the same address in every fork
                prices.forEach((item, price) -> dearer.put(item, price(cents(price) * 110 / 100)));
                System.out.println("now " + total(prices) + ", with ten percent more " + total(dearer));
            }                                                                       // forget all of it
            // @end
            System.out.println("still " + total(prices));

            long pricesAt = prices.address();
            try (AddressSpace winner = raise(space, prices)) {
                System.out.println("from now on " + total(ForkableMap.open(winner, pricesAt)));
            }
        }
    }

    /** Raises the prices in a fork, closes the parent, and returns the fork to go on with. */
    private static AddressSpace raise(AddressSpace space, ForkableMap prices) {
        // @start region="keep-the-fork"
        AddressSpace winner = space.fork("next year");
        ForkableMap dearer = ForkableMap.open(winner, prices.address());
        prices.forEach((item, price) -> dearer.put(item, price(cents(price) * 110 / 100)));
        space.close();                          // from now on prices, which leads to this space, throws ClosedException
        return winner;
        // @end
    }

    private static long total(ForkableMap prices) {
        AtomicLong sum = new AtomicLong();
        prices.forEach((_, price) -> sum.addAndGet(cents(price)));
        return sum.get();
    }

    private static byte[] price(long cents) {
        return ByteBuffer.allocate(Long.BYTES).putLong(cents).array();
    }

    private static long cents(byte[] price) {
        return ByteBuffer.wrap(price).getLong();
    }
}
