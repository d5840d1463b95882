package io.quire.memory.misuse;

import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Calls the library while the heap is almost full. */
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
            Map<String, Integer> errors = new TreeMap<>();
            all.values().forEach(Runnable::run);
            for (Map.Entry<String, Runnable> operation : all.entrySet()) {
                String what = operation.getKey() + ", seed=" + number;
                heart.begins("full heap in " + what);
                try {
                    errors.put(operation.getKey(), beset(operation.getValue(), 1 + random.nextInt(8)));
                } catch (RuntimeException | Error failed) {
                    throw new IllegalStateException("another exception than a full heap in " + what, failed);
                }
                Operations.LeftOpen.closeAll();
                heart.begins("after a full heap in " + what);
                SmallStacks.checkCounts(manager, what);
                SmallStacks.after(operations, neighbour, what);
            }
            System.out.println("seed=" + number + ", errors=" + errors);
            operations.space.close();
            neighbour.close();
            SmallStacks.checkEmpty(manager);
            manager.close();
            heart.rests();
        }
    }

    /** Fills the heap and frees a little of it, so that the error comes in the middle of the operation. */
    private static int beset(Runnable operation, int spared) {
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
        return errors[0];
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
            Operations.LeftOpen.closeAll();
            operation.run();
        } catch (OutOfMemoryError expected) {
            errors[0]++;
        } catch (MemoryException documented) {
            Thread.onSpinWait();
        }
    }
}
