package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.BitSet;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Arrays are read and forked while other threads change them. */
@Tag("portable")
class ForkableArrayRaceTest {

    private static final Duration TIME = Duration.ofMillis(700);
    private static final int MOST = 200_000;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(64L << 20));

    private AddressSpace space;
    private ForkableArray array;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("main");
        array = ForkableArray.create(space, ElementType.LONG, MOST);
    }

    @AfterEach
    void close() {
        space.close();
    }

    /** Element i is i + 1, so an element that was counted but not written would show. */
    private void appendAndShrink(BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            ForkableArray mine = array.with(accessor);
            long[] more = new long[700];
            while (running.getAsBoolean()) {
                long length = mine.length();
                for (int i = 0; i < more.length; i++) {
                    more[i] = length + i + 1;
                }
                mine.append(MemorySegment.ofArray(more));
                mine.append(length + more.length + 1);
                if (length > 5_000) {
                    mine.resize(length % 1_000);
                }
            }
        }
    }

    private static void checkPrefix(ForkableArray some) {
        long[] found = new long[(int) some.length()];
        some.copyTo(0, found, 0, found.length);
        for (int i = 0; i < found.length; i++) {
            assertThat(found[i]).isEqualTo(i + 1);
        }
    }

    @Test
    void forksByAnotherThreadAreExactPrefixes() throws InterruptedException {
        Threads.race(TIME, this::appendAndShrink, running -> {
            while (running.getAsBoolean()) {
                try (StructureFork<ForkableArray> fork = array.fork()) {
                    ForkableArray forked = fork.structure();
                    checkPrefix(forked);
                    long length = forked.length();
                    forked.resize(length + 2_000);
                    for (long i = length; i < length + 2_000; i++) {
                        assertThat(forked.getLong(i)).isZero();
                    }
                    forked.resize(length);
                    checkPrefix(forked);
                }
            }
        });
    }

    @Test
    void aReaderThatSeesALengthSeesItsElements() throws InterruptedException {
        Threads.race(TIME, running -> {
            try (Accessor accessor = space.accessor()) {
                ForkableArray mine = array.with(accessor);
                for (long i = 0; i < MOST && running.getAsBoolean(); i++) {
                    mine.append(i + 1);
                }
            }
        }, running -> {
            try (Accessor accessor = space.accessor()) {
                ForkableArray mine = array.with(accessor);
                while (running.getAsBoolean()) {
                    long length = mine.length();
                    if (length > 0) {
                        assertThat(mine.getLong(length - 1)).isEqualTo(length);
                        assertThat(array.getLong(length - 1)).isEqualTo(length);
                    }
                }
            }
        });
    }

    @Test
    void threadsThatAppendTakeTurns() throws InterruptedException {
        Threads.Task appender = running -> {
            try (Accessor accessor = space.accessor()) {
                ForkableArray mine = array.with(accessor);
                for (int i = 0; i < 20_000; i++) {
                    long index = mine.append(0);
                    mine.setLong(index, index + 1); // nobody else has got this index
                }
            }
        };
        Threads.race(Duration.ZERO, appender, appender, appender);
        assertThat(array.length()).isEqualTo(60_000);
        checkPrefix(array);
    }

    @Test
    void threadsThatResizeTakeTurns() throws InterruptedException {
        Threads.Task resizer = running -> {
            while (running.getAsBoolean()) {
                array.resize(1_000);
                array.resize(3_000);
                array.resize(0);
                array.append(1);
            }
        };
        Threads.race(TIME, resizer, resizer);
        long length = array.length();
        assertThat(length).isLessThanOrEqualTo(3_001);
        array.resize(1);
        array.resize(5_000);
        for (long i = 1; i < 5_000; i++) {
            assertThat(array.getLong(i)).isZero();
        }
    }

    @Test
    void aReaderNeverSeesAnythingButZerosBehindAShrink() throws InterruptedException {
        array.resize(5_000);
        Threads.race(TIME, running -> {
            while (running.getAsBoolean()) {
                array.resize(5_000);
                array.fill(0, 5_000, 7);
                array.resize(100);
            }
        }, running -> {
            BitSet seen = new BitSet();
            while (running.getAsBoolean()) {
                try {
                    seen.set((int) array.getLong(4_000));
                } catch (IndexOutOfBoundsException shrunk) {
                    assertThat(shrunk).hasMessageContaining("index=4000");
                }
            }
            seen.clear(0);
            seen.clear(7);
            assertThat(seen.isEmpty()).isTrue();
        });
    }
}
