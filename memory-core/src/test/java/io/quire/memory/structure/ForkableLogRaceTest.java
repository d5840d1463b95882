package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Logs are read, cut and forked while other threads append. Record n begins with n, and its bytes follow from n. */
@Tag("portable")
class ForkableLogRaceTest {

    private static final Duration TIME = Duration.ofMillis(700);
    private static final long CAPACITY = 1 << 17;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(64L << 20));

    private AddressSpace space;
    private ForkableLog log;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("main");
        log = ForkableLog.create(space, CAPACITY);
    }

    @AfterEach
    void close() {
        space.close();
    }

    private static byte[] record(long number) {
        byte[] record = new byte[8 + (int) (number * 37 % 900)];
        for (int i = 8; i < record.length; i++) {
            record[i] = (byte) (number + i);
        }
        ByteBuffer.wrap(record).putLong(number);
        return record;
    }

    private static long check(byte[] record) {
        long number = ByteBuffer.wrap(record).getLong();
        assertThat(record).isEqualTo(record(number));
        return number;
    }

    /** Appends, and cuts half of the log when it is three quarters full. */
    private void append(BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            ForkableLog mine = log.with(accessor);
            long half = 0;
            for (long number = 0; running.getAsBoolean(); number++) {
                long position = mine.append(record(number));
                if (half <= mine.firstPosition() && mine.sizeBytes() > CAPACITY / 2) {
                    half = position;
                }
                if (mine.sizeBytes() > CAPACITY * 3 / 4) {
                    mine.cutBefore(half);
                }
            }
        }
    }

    /** Checks that a log that nobody changes has records with successive numbers, to the end. */
    private static void checkWhole(ForkableLog some) {
        LogCursor cursor = some.cursor();
        long expected = -1;
        while (cursor.next()) {
            long number = check(cursor.record());
            assertThat(expected == -1 || number == expected).isTrue();
            expected = number + 1;
        }
        assertThat(cursor.nextPosition()).isEqualTo(some.endPosition());
    }

    @Test
    void forksByAnotherThreadAreExactPrefixes() throws InterruptedException {
        AtomicLong forks = new AtomicLong();
        Threads.race(TIME, this::append, running -> {
            while (running.getAsBoolean()) {
                try (StructureFork<ForkableLog> fork = log.fork()) {
                    ForkableLog forked = fork.structure();
                    checkWhole(forked);
                    long position = forked.append(record(5)); // the lock of the fork is free
                    assertThat(forked.read(position)).isEqualTo(record(5));
                    forked.cutBefore(forked.endPosition());
                    forks.incrementAndGet();
                }
            }
        });
        assertThat(forks).hasPositiveValue();
    }

    @Test
    void aCursorFollowsTheWriterAndSeesWholeRecordsOnly() throws InterruptedException {
        Threads.race(TIME, this::append, running -> follow(running, false), running -> follow(running, true));
    }

    private void follow(BooleanSupplier running, boolean throughAnAccessor) {
        try (Accessor accessor = space.accessor()) {
            ForkableLog mine = throughAnAccessor ? log.with(accessor) : log;
            LogCursor cursor = mine.cursor();
            long last = -1;
            while (running.getAsBoolean()) {
                try {
                    while (cursor.next()) {
                        long number = check(cursor.record());
                        assertThat(number).isGreaterThan(last);
                        last = number;
                    }
                } catch (IllegalStateException | IllegalArgumentException cut) {
                    assertThat(cut).hasMessageContaining("was cut");
                    cursor = mine.cursor();
                }
            }
        }
    }

    @Test
    void threadsThatAppendTakeTurns() throws InterruptedException {
        ForkableLog large = ForkableLog.create(space, 16L << 20);
        AtomicLong records = new AtomicLong();
        Threads.Task appender = _ -> {
            try (Accessor accessor = space.accessor()) {
                ForkableLog mine = large.with(accessor);
                for (int i = 0; i < 5_000; i++) {
                    byte[] record = record(records.getAndIncrement());
                    assertThat(mine.read(mine.append(record))).isEqualTo(record);
                }
            }
        };
        Threads.race(Duration.ZERO, appender, appender, appender);
        LogCursor cursor = large.cursor();
        long sum = 0;
        while (cursor.next()) {
            sum += check(cursor.record());
        }
        assertThat(sum).isEqualTo(14_999L * 15_000 / 2);
    }
}
