package io.quire.memory.errors.world;

import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.errors.Trial;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A manager with some spaces. A scenario registers each open handle with {@link #open} and does its operation in
 * {@link #act}. The state of the world is the content of all spaces, page by page.
 */
abstract class World implements Trial {

    static final int PAGE = 4096;
    static final int FRAMES = 512;
    private static final long USE_SECONDS = 30;

    final MemoryManager manager;

    /** The open handles, oldest first. */
    final List<AutoCloseable> things = new ArrayList<>();

    /** The ranges that belong to the state of every space: number of pages, by address. */
    final Map<Long, Integer> stretches = new LinkedHashMap<>();

    World() {
        this(builder -> builder);
    }

    World(UnaryOperator<MemoryManager.Builder> more) {
        manager = more.apply(MemoryManager.builder().hostPool((long) FRAMES * PAGE).backgroundAgent(false)).build();
    }

    /** Registers an open handle. */
    <T extends AutoCloseable> T open(T thing) {
        things.add(thing);
        return thing;
    }

    /** Makes a mapping whose pages belong to the state. If it is filled, each page gets a word. */
    long mapped(AddressSpace space, int pages, boolean filled) {
        long address = space.map((long) pages * PAGE);
        stretches.put(address, pages);
        if (filled) {
            write(space, address, pages, 1);
        }
        return address;
    }

    static void write(AddressSpace space, long address, int pages, long seed) {
        for (int page = 0; page < pages; page++) {
            space.setLong(address + (long) page * PAGE + 8, seed * 1_000_000 + page);
        }
    }

    List<AddressSpace> spaces() {
        List<AddressSpace> spaces = new ArrayList<>();
        for (AutoCloseable thing : things) {
            if (thing instanceof AddressSpace space && !space.isClosed()) {
                spaces.add(space);
            }
        }
        return spaces;
    }

    @Override
    public void recount() {
        ManagerCheck.recount(manager);
    }

    @Override
    public List<String> state() {
        List<String> lines = new ArrayList<>();
        lines.add("spaces=" + manager.statistics().openSpaces() + ", pins=" + manager.openPins().size());
        int number = 0;
        for (AddressSpace space : spaces()) {
            int which = number++;
            stretches.forEach((address, pages) -> {
                for (int page = 0; page < pages; page++) {
                    lines.add("space " + which + " page 0x" + Long.toHexString(address + (long) page * PAGE) + ' '
                            + content(space, address + (long) page * PAGE));
                }
            });
        }
        return lines;
    }

    private static String content(AddressSpace space, long page) {
        byte[] bytes = new byte[PAGE];
        try {
            space.copyTo(page, bytes, 0, PAGE);
            return space.getLong(page + 8) + "#" + Arrays.hashCode(bytes);
        } catch (RuntimeException refused) {
            return refused.getClass().getSimpleName();
        }
    }

    @Override
    public void use() {
        CountDownLatch done = new CountDownLatch(1);
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        Thread user = Thread.ofPlatform().daemon().name("user").start(() -> {
            try {
                spaces().forEach(this::useOne);
            } catch (Throwable failure) {
                thrown.set(failure);
            } finally {
                done.countDown();
            }
        });
        try {
            if (!done.await(USE_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("another thread waits for ever: " + Arrays.toString(user.getStackTrace()));
            }
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
        if (thrown.get() != null) {
            throw new AssertionError("another thread failed", thrown.get());
        }
    }

    /** Uses a space in a way that needs every lock and slot, and does not change the state. */
    void useOne(AddressSpace space) {
        try (AddressSpace fork = space.fork()) {
            for (long address : stretches.keySet()) {
                rewrite(fork, address);
                if (!space.isSnapshot()) {
                    rewrite(space, address);
                }
            }
        }
    }

    private static void rewrite(AddressSpace space, long address) {
        try {
            space.setLong(address + 8, space.getLong(address + 8));
        } catch (AddressNotMappedException | ProtectionException fine) {
            // the page was protected or unmapped by the scenario
        }
    }

    @Override
    public void finish() throws Exception {
        for (AutoCloseable thing : things.reversed()) {
            if (!(thing instanceof AddressSpace space && space.isClosed())) {
                thing.close();
            }
        }
        manager.reclaim(Integer.MAX_VALUE);
        recount();
        long used = manager.statistics().usedBytes();
        if (used != 0) {
            throw new AssertionError("frames were lost: " + used / PAGE);
        }
        manager.close();
    }
}
