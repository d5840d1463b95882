package io.quire.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.structure.ForkableMap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Saves a map while another thread keeps writing to it. The writer does not wait for the backup, and the backup shows
 * the map at one moment: it has every order up to that moment, and none after it.
 */
public final class BackupWhileWriting {

    private static final int ORDERS_MAX = 50_000;
    private static final int ORDERS_MIN = 1_000;

    /**
     * The content of a backup. Orders are numbered from 1, so a backup of one moment has as many orders as the number
     * of its newest order.
     *
     * @param orders how many orders the backup has
     * @param newest the number of the newest order in it
     */
    record Backup(int orders, int newest) {
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        Backup backup = run();
        System.out.println("the backup has " + backup.orders + " orders, the newest is number " + backup.newest);
    }

    static Backup run() throws IOException, InterruptedException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("shop")) {
            ForkableMap orders = ForkableMap.create(space, 1L << 30);
            AtomicBoolean done = new AtomicBoolean();
            Thread writer = Thread.ofPlatform().start(() -> takeOrders(orders, done));
            while (orders.size() < ORDERS_MIN) {
                Thread.onSpinWait();                                    // until there is something to save
            }

            ByteArrayOutputStream bytes = new ByteArrayOutputStream();  // in real life a file
            DataOutputStream file = new DataOutputStream(bytes);
            // @start region="backup"
            try (AddressSpace moment = space.snapshot("backup")) {      // the writer goes on at once
                ForkableMap.open(moment, orders.address()).forEach((order, text) -> save(file, order, text));
            }
            // @end

            done.set(true);
            writer.join();
            return read(bytes.toByteArray());
        }
    }

    private static void takeOrders(ForkableMap orders, AtomicBoolean done) {
        for (int number = 1; number <= ORDERS_MAX && !done.get(); number++) {
            orders.put(Integer.toString(number).getBytes(UTF_8), ("two teas for table " + number).getBytes(UTF_8));
        }
    }

    private static void save(DataOutputStream file, byte[] order, byte[] text) {
        try {
            file.writeUTF(new String(order, UTF_8));
            file.writeUTF(new String(text, UTF_8));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Backup read(byte[] bytes) throws IOException {
        DataInputStream file = new DataInputStream(new ByteArrayInputStream(bytes));
        int orders = 0;
        int newest = 0;
        while (file.available() > 0) {
            newest = Math.max(newest, Integer.parseInt(file.readUTF()));
            file.readUTF();
            orders++;
        }
        return new Backup(orders, newest);
    }
}
