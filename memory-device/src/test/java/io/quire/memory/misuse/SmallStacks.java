package io.quire.memory.misuse;

import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.testkit.Collected;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/** Threads dive to the end of small stacks and call the library at each of the last depths. */
final class SmallStacks implements Misuse.Scenario {

    private static final int STACK_BYTES = 256 << 10;

    @Override
    public void run(long seed, long endNanos, Heartbeat heart) throws Exception {
        for (long number = seed; System.nanoTime() < endNanos; number++) {
            Random random = new Random(number);
            MemoryManager manager = manager();
            Neighbour neighbour = new Neighbour(manager, number);
            Operations operations = new Operations(manager);
            Map<String, Runnable> all = operations.all();
            all.values().forEach(Runnable::run); // loads the classes
            for (Map.Entry<String, Runnable> operation : all.entrySet()) {
                String what = operation.getKey() + ", seed=" + number;
                for (int i = 0; i < 3; i++) {
                    heart.begins("dive in " + what);
                    dive(operation.getValue(), STACK_BYTES + random.nextInt(97) * 1024, i == 2);
                    heart.begins("after the dive in " + what);
                    checkCounts(operations.manager, what);
                    after(operations, neighbour, what);
                }
            }
            heart.begins("the end, seed=" + number);
            end(operations, neighbour);
            heart.rests();
        }
    }

    static MemoryManager manager() {
        return MemoryManager.builder().name("small").hostPool(8 << 20).backgroundAgent(false)
                .device("coherent", JavaDevice.coherent("coherent", 64 << 12).driver())
                .device("private", JavaDevice.privateMemory("private", 64 << 12).driver()).build();
    }

    private static void dive(Runnable operation, int stackBytes, boolean isVirtual) throws Exception {
        AtomicReference<Throwable> wrong = new AtomicReference<>();
        Runnable work = () -> {
            try {
                dive(operation);
            } catch (StackOverflowError end) {
                // the stack ended in the dive itself
            } catch (RuntimeException | Error failed) {
                wrong.set(failed);
            }
        };
        Thread diver = isVirtual ? Thread.ofVirtual().name("diver").start(work)
                : new Thread(null, work, "diver", stackBytes);
        if (!isVirtual) {
            diver.setDaemon(true);
            diver.start();
        }
        diver.join();
        Operations.LeftOpen.closeAll();
        if (wrong.get() != null) {
            throw new IllegalStateException("another exception than the end of the stack: " + wrong.get(), wrong.get());
        }
    }

    /** Dives to the end of the stack, and on the way up runs the operation at each of the last frames. */
    private static int dive(Runnable operation) {
        int below;
        try {
            below = dive(operation) + 1;
        } catch (StackOverflowError end) {
            below = 0;
        }
        if (below < 600) {
            try {
                operation.run();
            } catch (StackOverflowError expected) {
                return below;
            } catch (MemoryException documented) {
                return below;
            }
        }
        return below;
    }

    /** Checks that nothing stays taken for the operations that follow. */
    static void after(Operations operations, Neighbour neighbour, String what) {
        // The map makes a snapshot of its own. If its close found no room, it is closed once nobody can reach it.
        boolean isClosed = Collected.until(() -> operations.manager.openSpaces().size() == 2);
        if (!isClosed || !operations.manager.openPins().isEmpty()) {
            throw new IllegalStateException("something was left open by " + what + ": spaces="
                    + operations.manager.openSpaces() + ", pins=" + operations.manager.openPins());
        }
        operations.all().values().forEach(Runnable::run);
        try (AddressSpace fork = operations.space.fork()) {
            fork.getLong(1 << 18);
        }
        neighbour.check();
    }

    /** Checks every count. */
    static void checkCounts(MemoryManager manager, String what) {
        try {
            ManagerCheck.recount(manager);
        } catch (IllegalStateException wrong) {
            throw new IllegalStateException("a count is wrong after " + what + ": " + wrong.getMessage(), wrong);
        }
    }

    private static void end(Operations operations, Neighbour neighbour) {
        MemoryManager manager = operations.manager;
        checkCounts(manager, "all of it");
        operations.space.close();
        neighbour.close();
        checkEmpty(manager);
        manager.close();
    }

    /** Checks that all frames are free after everything was closed. */
    static void checkEmpty(MemoryManager manager) {
        for (int i = 0; i < 100_000 && used(manager) > 0; i++) {
            manager.maintain();
        }
        if (used(manager) > 0) {
            throw new IllegalStateException("frames are lost: " + manager.statistics() + manager.pools());
        }
    }

    /** Returns the used bytes of all pools. */
    private static long used(MemoryManager manager) {
        return manager.pools().stream().mapToLong(pool -> pool.sizeBytes() - pool.freeBytes()).sum();
    }
}
