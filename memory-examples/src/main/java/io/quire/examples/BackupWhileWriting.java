package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import io.quire.memory.transfer.SpaceExport;
import io.quire.memory.transfer.SpaceImport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Backs up a space to files while another thread keeps writing to it, and restores it in another manager. The first file
 * has everything, and the second one what has changed since.
 * <p>
 * The space has a map of orders, and a table with the number of teas that each guest has ordered. One order changes
 * both. So the writer holds a lock while it takes an order, and the backup holds the lock while it takes the snapshot.
 * It does not hold the lock while it saves: the writer waits for the snapshot only.
 * <p>
 * The file has the memory as it is. Restore it on a machine with the same byte order, and a {@link ForkableMap} with
 * the same version of the library: another version may have another layout, and then refuses the map. To keep data for
 * longer, save keys and values in a format of your own.
 */
public final class BackupWhileWriting {

    private static final int ORDERS_MAX = 50_000;
    private static final int ORDERS_MIN = 1_000;
    private static final int GUESTS = 100;

    private final AddressSpace space;
    private final long teas;
    private final ForkableMap orders;
    private final Object lock = new Object();

    /**
     * What a restored backup has. Orders are numbered from 1, so a backup of one moment has as many orders as the
     * number of its newest order, and each of them is one tea.
     *
     * @param orders how many orders the map has
     * @param newest the number of the newest order in it
     * @param teas the sum over the table
     */
    record Restored(long orders, long newest, long teas) {
    }

    private BackupWhileWriting(AddressSpace space) {
        this.space = space;
        teas = space.map((long) GUESTS * Long.BYTES);
        orders = ForkableMap.create(space, 1L << 30);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Restored restored = run();
        System.out.println("restored " + restored.orders + " orders, the newest is number " + restored.newest + ", and "
                + restored.teas + " teas");
    }

    static Restored run() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("quire");
        Path full = folder.resolve("full");
        Path increment = folder.resolve("increment");
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("shop")) {
            BackupWhileWriting shop = new BackupWhileWriting(space);
            AtomicBoolean done = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> shop.takeOrders(done));
            shop.awaitOrders(ORDERS_MIN / 2);                           // until there is something to save
            shop.save(full, increment);
            done.set(true);
            writer.join();
            return restore(full, increment, shop.teas, shop.orders.address());
        } finally {
            Files.deleteIfExists(increment);
            Files.deleteIfExists(full);
            Files.delete(folder);
        }
    }

    private void awaitOrders(int number) {
        while (orders.size() < number) {
            Thread.onSpinWait();
        }
    }

    private void takeOrders(AtomicBoolean done) {
        try (Accessor table = space.accessor()) {
            for (int number = 1; number <= ORDERS_MAX && !done.get(); number++) {
                long guest = teas + (long) (number % GUESTS) * Long.BYTES;
                byte[] text = ("a tea for guest " + number % GUESTS).getBytes(UTF_8);
                synchronized (lock) {                                   // two writes that belong together
                    orders.put(key(number), text);
                    table.setLong(guest, table.getLong(guest) + 1);
                }
            }
        }
    }

    private AddressSpace snapshotUnderTheLock() {
        synchronized (lock) {
            return space.snapshot("backup");
        }
    }

    private void save(Path full, Path increment) throws IOException {
        // @start region="backup"
        try (AddressSpace moment = snapshotUnderTheLock()) {            // the writer goes on at once
            SpaceExport.of(moment).writeTo(full);                       // skips pages that were never written
            // @end
            awaitOrders(ORDERS_MIN);
            // @start region="increment"
            try (AddressSpace later = snapshotUnderTheLock()) {
                SpaceExport.since(moment, later).writeTo(increment);    // the pages that have changed
            }
            // @end
            // @start region="backup"
        }
        // @end
    }

    private static Restored restore(Path full, Path increment, long teas, long ordersAt) throws IOException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build()) {
            // @start region="restore"
            try (AddressSpace first = SpaceImport.from(full).into(memory);
                    AddressSpace restored = SpaceImport.from(increment).ontoForkOf(first)) {
                ForkableMap orders = ForkableMap.open(restored, ordersAt);  // its address in the old space
                // @end
                long[] table = new long[GUESTS];
                restored.copyTo(teas, table, 0, table.length);
                return new Restored(orders.size(), newest(orders), sum(table));
                // @start region="restore"
            }
            // @end
        }
    }

    private static long newest(ForkableMap orders) {
        long[] newest = new long[1];
        orders.forEach((number, _) -> newest[0] = Math.max(newest[0], ByteBuffer.wrap(number).getLong()));
        return newest[0];
    }

    private static long sum(long[] table) {
        long sum = 0;
        for (long number : table) {
            sum += number;
        }
        return sum;
    }

    private static byte[] key(long number) {
        return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }
}
