package io.quire.examples;

// @start region="first-map"
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableLongMap;

/** Tries a sale on a fork of the stock. */
public final class FirstMap {

    public static void main(String[] args) {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace shop = memory.newAddressSpace("shop")) {
            ForkableLongMap stock = ForkableLongMap.create(shop);
            stock.put(4711, 12);                                // article 4711: 12 pieces
            try (AddressSpace whatIf = shop.fork()) {           // takes the same time for a map of any size
                stock.with(whatIf).addTo(4711, -5);             // copies some hundred bytes
                System.out.println("shop " + stock.getOrDefault(4711, 0) + ", what if "
                        + stock.with(whatIf).getOrDefault(4711, 0));
            }                                                   // prints: shop 12, what if 7
        }
    }
}
// @end
