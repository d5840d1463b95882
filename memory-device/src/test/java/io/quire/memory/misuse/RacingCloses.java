package io.quire.memory.misuse;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Pin;
import io.quire.memory.RunCursor;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.device.DriverException;
import io.quire.memory.structure.ForkableMap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Threads use spaces, pins, cursors, maps and attachments while others close them, twice and in any order. */
final class RacingCloses implements Misuse.Scenario {

    private static final int USERS = 3;
    private static final int PAGES = 16;

    private static final class Shared {
        final MisuseWorld world;
        final AddressSpace space;
        final long address;
        final ForkableMap map;
        final ConcurrentLinkedQueue<AutoCloseable> made = new ConcurrentLinkedQueue<>();
        final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();

        Shared(MisuseWorld world) {
            this.world = world;
            space = world.manager.newAddressSpace();
            address = space.map(PAGES << 12);
            map = ForkableMap.create(space, 1 << 16);
        }
    }

    @Override
    public void run(long seed, long endNanos, Heartbeat heart) throws Exception {
        for (long number = seed; System.nanoTime() < endNanos; number++) {
            Random random = new Random(number);
            heart.begins("racing closes, seed=" + number);
            MisuseWorld world = new MisuseWorld(random, random.nextBoolean());
            for (int round = 0; round < 20; round++) {
                round(world, random, heart);
            }
            world.end(true);
            heart.rests();
        }
    }

    private static void round(MisuseWorld world, Random random, Heartbeat heart) throws Exception {
        Shared shared = new Shared(world);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < USERS; i++) {
            Random own = new Random(random.nextLong());
            Runnable user = () -> use(shared, own, heart);
            threads.add(i == 0 ? Thread.ofVirtual().unstarted(user) : Thread.ofPlatform().daemon().unstarted(user));
        }
        threads.forEach(Thread::start);
        Random own = new Random(random.nextLong());
        for (int i = 0; i < 20; i++) {
            closeOne(shared);
            if (own.nextInt(4) == 0) {
                Thread.sleep(0, 100_000);
            }
        }
        close(shared.space);
        for (Thread thread : threads) {
            thread.join();
        }
        while (!shared.made.isEmpty()) {
            closeOne(shared);
        }
        heart.begins("round");
        if (!shared.failures.isEmpty()) {
            throw new IllegalStateException("not documented: " + shared.failures, shared.failures.peek());
        }
        world.neighbour.check();
    }

    private static void closeOne(Shared shared) throws Exception {
        AutoCloseable one = shared.made.poll();
        if (one != null) {
            close(one);
            close(one);
        }
    }

    private static void close(AutoCloseable one) throws Exception {
        try {
            one.close();
        } catch (ClosedException already) {
            // it was closed before, perhaps by another thread
        }
    }

    private static void use(Shared shared, Random random, Heartbeat heart) {
        try (Accessor accessor = shared.space.accessor()) {
            while (!shared.space.isClosed()) {
                heart.begins("use beside a close");
                try {
                    one(shared, accessor, random);
                } catch (MemoryException | DriverException documented) {
                    Thread.onSpinWait();
                } catch (IllegalArgumentException detached) {
                    if (!detached.getMessage().startsWith("mirror is not attached")) {
                        throw detached;
                    }
                } catch (IllegalStateException closed) {
                    // The pin of the segment was closed, or the device is attached already.
                    if (closed.getMessage() == null || closed.getMessage().contains("damaged")) {
                        throw closed;
                    }
                }
            }
        } catch (ClosedException closed) {
            // the close came first
        } catch (Throwable failed) {
            shared.failures.add(failed);
        } finally {
            heart.rests();
        }
    }

    private static void one(Shared shared, Accessor accessor, Random random) {
        AddressSpace space = shared.space;
        long address = shared.address + random.nextInt(PAGES) * 4096L;
        switch (random.nextInt(12)) {
            case 0 -> accessor.setLong(address, 1);
            case 1 -> space.fill(address, 4096, (byte) 1);
            case 2 -> shared.made.add(space.fork());
            case 3 -> {
                Pin pin = space.pin(address, 4096, PinTerm.SHORT, PinAccess.WRITE);
                shared.made.add(pin);
                MemorySegment segment = pin.segments().getFirst();
                for (int i = 0; i < 100; i++) {
                    segment.set(ValueLayout.JAVA_LONG, i * 8L, i);
                }
            }
            case 4 -> {
                try (RunCursor runs = space.runs(shared.address, PAGES << 12)) {
                    while (runs.next()) {
                        runs.memory().get(ValueLayout.JAVA_BYTE, 0);
                    }
                }
            }
            case 5 -> shared.map.put(new byte[] {(byte) random.nextInt()}, new byte[random.nextInt(500)]);
            case 6 -> shared.map.forEach((_, _) -> {});
            case 7 -> work(shared, random, address);
            case 8 -> space.migrate(address, 4096, shared.world.manager.pools().get(random.nextInt(3)));
            case 9 -> space.discard(address, 4096);
            case 10 -> space.protect(address, 4096, io.quire.memory.contract.Protection.READ_WRITE);
            default -> {
                try (Pin pin = accessor.pin(address, 8, PinTerm.SHORT, PinAccess.READ)) {
                    pin.segments();
                }
            }
        }
    }

    private static void work(Shared shared, Random random, long address) {
        int device = random.nextInt(2);
        Attachment attachment = shared.world.manager.devices().get(device).attach(shared.space);
        shared.made.add(attachment);
        shared.world.devices.get(device).atomicAdd(attachment.mirror(), address, 1);
        attachment.makeExclusive(address, 4096);
    }
}
