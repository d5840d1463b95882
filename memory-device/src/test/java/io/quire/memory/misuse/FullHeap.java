package io.quire.memory.misuse;

import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Calls the library while the heap is as good as full. */
final class FullHeap implements Misuse.Scenario {

    private static final int[] CHUNKS = {1 << 20, 1 << 14, 1 << 8, 16};

    @Override
    public void run(long seed, long endNanos, Heartbeat heart) throws Exception {
        for (long number = seed; System.nanoTime() < endNanos; number++) {
            Random random = new Random(number);
            MemoryManager manager = SmallStacks.manager();
            Neighbour neighbour = new Neighbour(manager, number);
            Operations operations = new Operations(manager);
            Map<String, Runnable> all = operations.all();
            all.values().forEach(Runnable::run);
            for (Map.Entry<String, Runnable> operation : all.entrySet()) {
                String what = operation.getKey() + ", seed=" + number;
                heart.begins("full heap in " + what);
                try {
                    beset(operation.getValue(), random.nextInt(40));
                } catch (RuntimeException | Error failed) {
                    throw new IllegalStateException("something else than a full heap in " + what, failed);
                }
                Operations.LeftOpen.closeAll();
                heart.begins("after a full heap in " + what);
                SmallStacks.after(operations, neighbour, what);
            }
            SmallStacks.end(operations, neighbour);
            heart.rests();
        }
    }

    /** Fills the heap, and gives a little back, so that the error comes somewhere in the middle. */
    private static void beset(Runnable operation, int spared) {
        List<Object> held = new ArrayList<>(1 << 16);
        int[] errors = {0};
        for (int chunk : CHUNKS) {
            fill(held, chunk);
        }
        try {
            for (int i = 0; i < 60 && !held.isEmpty(); i++) {
                for (int j = 0; j < spared && !held.isEmpty(); j++) {
                    held.removeLast();
                }
                attempt(operation, errors);
            }
        } finally {
            held.clear();
        }
    }

    private static void fill(List<Object> held, int chunk) {
        try {
            while (held.size() < 1 << 16) {
                held.add(new byte[chunk]);
            }
        } catch (OutOfMemoryError full) {
            return;
        }
    }

    private static void attempt(Runnable operation, int[] errors) {
        try {
            operation.run();
        } catch (OutOfMemoryError expected) {
            errors[0]++;
        } catch (MemoryException documented) {
            errors[0]++;
        }
    }
}
