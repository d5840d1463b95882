package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * First writes of several threads to the same pages, beside everything that takes pages away or moves them. Each writer
 * writes rising numbers, and tells of each when it is done: a read or a fork that begins afterwards must show it.
 */
class FirstWriteRaceTest {

    /** How long each race lasts; the soak makes it longer. */
    private static final Duration TIME = Duration.ofMillis(Long.getLong("quire.race.millis", 1_500));

    private static final long PAGE_BYTES = 4096;
    private static final int TOLD_PAGES = 256;
    private static final int CHURNED_PAGES = 80;
    private static final int WRITERS = 2;

    /** Both writers write their own word here. */
    private static final int COMMON_PAGES = 16;
    private static final long COMMON_WORD_AT = 1024;
    private static final long SECOND_WORD_AT = 2048;

    /** What forks write: nobody else may see it. */
    private static final long FOREIGN = -5;

    private final MemoryManager memory = MemoryManager.builder().hostPool(32L << 20)
            .deviceCoherentPool("device", 4L << 20).build();
    private final AddressSpace space = memory.newAddressSpace("raced");
    private final long toldAt = space.map(TOLD_PAGES * PAGE_BYTES);
    private final long churnedAt = space.map(CHURNED_PAGES * PAGE_BYTES);
    private final AtomicLongArray begun = new AtomicLongArray(TOLD_PAGES);
    private final AtomicLongArray told = new AtomicLongArray(TOLD_PAGES);

    @AfterEach
    void everyFrameIsCounted() {
        ManagerCheck.recount(memory);
        memory.closeAll(Duration.ofSeconds(10));
    }

    @Test
    void forks() throws InterruptedException {
        race(running -> {});
    }

    @Test
    void forksWithoutPause() throws InterruptedException {
        Threads.Task forkAndClose = running -> {
            while (running.getAsBoolean()) {
                space.fork().close();
            }
        };
        Threads.race(TIME, running -> write(0, running), running -> write(1, running), this::read, forkAndClose);
    }

    @Test
    void forksOfOnePageThatIsWrittenAgainAndAgain() throws InterruptedException {
        Threads.race(TIME, running -> {
            try (Accessor accessor = space.accessor()) {
                for (long value = 1; running.getAsBoolean(); value++) {
                    accessor.setLong(toldAt, value); // the page is shared again; the rest by its translation
                    for (int i = 0; i < 100; i++) {
                        accessor.setLong(toldAt, ++value);
                    }
                }
            }
        }, running -> {
            while (running.getAsBoolean()) {
                try (AddressSpace fork = space.fork()) {
                    long atFork = fork.getLong(toldAt);
                    for (int i = 0; i < 10; i++) {
                        assertThat(fork.getLong(toldAt)).as("a fork does not change").isEqualTo(atFork);
                    }
                }
            }
        });
    }

    @Test
    void forksAndDiscards() throws InterruptedException {
        race(this::discard);
    }

    @Test
    void forksAndUnmaps() throws InterruptedException {
        race(this::unmap);
    }

    @Test
    void forksAndProtections() throws InterruptedException {
        race(this::protect);
    }

    @Test
    void forksAndMigrations() throws InterruptedException {
        race(this::migrate);
    }

    @Test
    void forksAndRanges() throws InterruptedException {
        race(this::writeRanges);
    }

    private void race(Threads.Task disturber) throws InterruptedException {
        Threads.race(TIME, running -> write(0, running), running -> write(1, running), this::read, this::fork,
                running -> churn(0, running), running -> churnDirectly(1, running), disturber);
    }

    // ---- pages that are never taken away

    private void write(int me, BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(me);
        try (Accessor accessor = space.accessor()) {
            for (long value = 1; running.getAsBoolean(); value++) {
                int page = random.nextInt(TOLD_PAGES / WRITERS) * WRITERS + me;
                long address = toldAt + page * PAGE_BYTES;
                begun.set(page, value);
                accessor.setLong(address, value);
                accessor.setLong(address + SECOND_WORD_AT, value);
                told.set(page, value);
                assertThat(accessor.getLong(address)).isEqualTo(value);
                long common = toldAt + random.nextInt(COMMON_PAGES) * PAGE_BYTES + COMMON_WORD_AT + me * Long.BYTES;
                accessor.setLong(common, value);
                assertThat(accessor.getLong(common)).isEqualTo(value);
            }
        }
    }

    private void read(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS);
        try (Accessor accessor = space.accessor()) {
            while (running.getAsBoolean()) {
                int page = random.nextInt(TOLD_PAGES);
                long before = told.get(page);
                assertThat(accessor.getLong(toldAt + page * PAGE_BYTES)).as("a write that was told of")
                        .isGreaterThanOrEqualTo(before);
            }
        }
    }

    private void fork(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 1);
        long[] before = new long[TOLD_PAGES];
        long[] seen = new long[TOLD_PAGES];
        while (running.getAsBoolean()) {
            for (int page = 0; page < TOLD_PAGES; page++) {
                before[page] = told.get(page);
            }
            try (AddressSpace fork = space.fork()) {
                for (int page = 0; page < TOLD_PAGES; page++) {
                    long address = toldAt + page * PAGE_BYTES;
                    seen[page] = fork.getLong(address);
                    assertThat(seen[page]).as("page %d of a fork", page).isBetween(before[page], begun.get(page));
                    assertThat(fork.getLong(address + SECOND_WORD_AT)).isLessThanOrEqualTo(seen[page]);
                }
                for (int page = 0; page < TOLD_PAGES; page++) {
                    assertThat(fork.getLong(toldAt + page * PAGE_BYTES)).as("a fork does not change")
                            .isEqualTo(seen[page]);
                }
                long address = toldAt + random.nextInt(TOLD_PAGES) * PAGE_BYTES;
                fork.setLong(address, FOREIGN);
                assertThat(fork.getLong(address)).isEqualTo(FOREIGN);
                fork.fill(toldAt, COMMON_PAGES * PAGE_BYTES, (byte) FOREIGN);
            }
        }
    }

    // ---- pages that come and go: each shows zero or its own number

    private void churn(int me, BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            churn(accessor, me, running);
        }
    }

    private void churnDirectly(int me, BooleanSupplier running) {
        churn(space, me, running);
    }

    private void churn(MemoryAccess access, int me, BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 2 + me);
        while (running.getAsBoolean()) {
            int page = random.nextInt(CHURNED_PAGES);
            long address = churnedAt + page * PAGE_BYTES + me * Long.BYTES;
            try {
                access.setLong(address, page + 1);
                assertThat(access.getLong(churnedAt + page * PAGE_BYTES)).isIn(0L, (long) page + 1);
                assertThat(access.getLong(address)).isIn(0L, (long) page + 1);
            } catch (AddressNotMappedException | ProtectionException takenAway) {
                Thread.onSpinWait();
            }
        }
    }

    private void discard(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 4);
        while (running.getAsBoolean()) {
            int first = random.nextInt(CHURNED_PAGES);
            int pages = 1 + random.nextInt(CHURNED_PAGES - first);
            space.discard(churnedAt + first * PAGE_BYTES, pages * PAGE_BYTES);
        }
    }

    private void unmap(BooleanSupplier running) {
        while (running.getAsBoolean()) {
            space.unmap(churnedAt, CHURNED_PAGES * PAGE_BYTES);
            space.mapAt(churnedAt, CHURNED_PAGES * PAGE_BYTES);
            for (int page = 0; page < CHURNED_PAGES; page++) {
                assertThat(space.getLong(churnedAt + page * PAGE_BYTES)).isIn(0L, (long) page + 1);
            }
        }
    }

    private void protect(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 5);
        while (running.getAsBoolean()) {
            int first = random.nextInt(CHURNED_PAGES);
            int pages = 1 + random.nextInt(CHURNED_PAGES - first);
            for (Protection protection : Protection.values()) {
                space.protect(churnedAt + first * PAGE_BYTES, pages * PAGE_BYTES, protection);
            }
            space.protect(churnedAt + first * PAGE_BYTES, pages * PAGE_BYTES, Protection.READ_WRITE);
        }
    }

    private void migrate(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 6);
        while (running.getAsBoolean()) {
            int first = random.nextInt(TOLD_PAGES);
            int pages = 1 + random.nextInt(Math.min(TOLD_PAGES - first, 100));
            space.migrate(toldAt + first * PAGE_BYTES, pages * PAGE_BYTES, memory.pool("device"));
            space.migrate(toldAt + first * PAGE_BYTES, pages * PAGE_BYTES, memory.hostPool());
        }
    }

    /** Writes ranges, some of which are refused as a whole because a part of them is not mapped. */
    private void writeRanges(BooleanSupplier running) {
        SplittableRandom random = new SplittableRandom(WRITERS + 7);
        byte[] zeros = new byte[(int) ((CHURNED_PAGES + 1) * PAGE_BYTES)];
        while (running.getAsBoolean()) {
            int first = random.nextInt(CHURNED_PAGES);
            int pages = 1 + random.nextInt(CHURNED_PAGES + 1 - first);
            try {
                space.copyFrom(zeros, 0, churnedAt + first * PAGE_BYTES, (int) (pages * PAGE_BYTES));
                assertThat(first + pages).isLessThanOrEqualTo(CHURNED_PAGES);
            } catch (MemoryException refused) {
                assertThat(first + pages).isGreaterThan(CHURNED_PAGES);
            }
        }
    }
}
