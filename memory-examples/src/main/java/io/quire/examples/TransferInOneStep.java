package io.quire.examples;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.WriteGroup;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Moves money between two accounts while another thread takes snapshots. No snapshot has one half of a transfer. */
public final class TransferInOneStep {

    private static final int TRANSFERS = 20_000;
    private static final int SNAPSHOTS = 2_000;
    private static final long SUM = 1_000_000;

    private TransferInOneStep() {
    }

    public static void main(String[] args) throws InterruptedException, ExecutionException {
        try (MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).build();
                AddressSpace space = memory.newAddressSpace("accounts");
                ExecutorService other = Executors.newSingleThreadExecutor()) {
            long from = space.map(1L << 20);
            long to = from + (1L << 19);
            space.setLong(from, SUM);
            Future<Integer> wrong = other.submit(() -> wrongSums(space, from, to));
            for (int i = 0; i < TRANSFERS; i++) {
                // @start region="transfer-in-one-step"
                WriteGroup transfer = space.newWriteGroup();
                transfer.setLong(from, space.getLong(from) - 30).setLong(to, space.getLong(to) + 30);
                transfer.commit();                              // every fork has both values or neither
                // @end
            }
            System.out.println("snapshots with a wrong sum: " + wrong.get());
        }
    }

    private static int wrongSums(AddressSpace space, long from, long to) {
        int wrong = 0;
        for (int i = 0; i < SNAPSHOTS; i++) {
            try (AddressSpace moment = space.snapshot()) {
                wrong += moment.getLong(from) + moment.getLong(to) == SUM ? 0 : 1;
            }
        }
        return wrong;
    }
}
