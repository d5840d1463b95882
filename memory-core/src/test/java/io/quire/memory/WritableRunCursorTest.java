package io.quire.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WritableRunCursorTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 200;
    private static final long LONGEST = 64 * PAGE;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(8L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("data");
        address = space.map((long) PAGES * PAGE);
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        space.close();
    }

    private long usedPages() {
        return leaks.manager().statistics().usedBytes() / PAGE;
    }

    @Test
    void writesToRunsAreInTheSpaceAndNowhereElse() {
        space.fill(address, (long) PAGES * PAGE, (byte) 9);
        for (long[] range : new long[][] {{0, PAGES * PAGE}, {5, 1}, {PAGE - 1, 2}, {17, 64 * PAGE + 3}, {70_000, 0}}) {
            space.fill(address, (long) PAGES * PAGE, (byte) 9);
            long next = address + range[0];
            try (WritableRunCursor runs = space.writableRuns(next, range[1])) {
                assertThat(runs.memory().byteSize()).isZero();
                while (runs.next()) {
                    assertThat(runs.address()).isEqualTo(next);
                    assertThat(runs.memory().byteSize()).isPositive().isLessThanOrEqualTo(LONGEST);
                    assertThat(runs.memory().get(JAVA_BYTE, 0)).isEqualTo((byte) 9);
                    next += runs.memory().byteSize();
                    runs.memory().fill((byte) 1);
                }
                assertThat(runs.next()).isFalse();
                assertThat(runs.memory().byteSize()).isZero();
            }
            assertThat(next).isEqualTo(address + range[0] + range[1]);
            for (long i = 0; i < PAGES * PAGE; i++) {
                boolean isIn = range[0] <= i && i < range[0] + range[1];
                if (space.getByte(address + i) != (isIn ? 1 : 9)) {
                    throw new AssertionError("byte " + i + " is " + space.getByte(address + i));
                }
            }
        }
    }

    @Test
    void runShowsWhatOthersWriteMeanwhile() {
        try (WritableRunCursor runs = space.writableRuns(address, PAGE); Accessor accessor = space.accessor()) {
            assertThat(runs.next()).isTrue();
            accessor.setByte(address + 5, (byte) 5);
            assertThat(runs.memory().get(JAVA_BYTE, 5)).isEqualTo((byte) 5);
            runs.memory().set(JAVA_BYTE, 6, (byte) 6);
            assertThat(accessor.getByte(address + 6)).isEqualTo((byte) 6);
        }
    }

    @Test
    void forksKeepWhatTheyHadAndGetWhatWasWrittenBefore() {
        space.fill(address, 4 * PAGE, (byte) 1);
        try (AddressSpace before = space.fork(); WritableRunCursor runs = space.writableRuns(address, 4 * PAGE)) {
            while (runs.next()) {
                runs.memory().fill((byte) 2);
                try (AddressSpace amid = space.fork()) {
                    runs.memory().fill((byte) 3);
                    assertThat(amid.getByte(runs.address())).isEqualTo((byte) 2);
                    assertThat(before.getByte(runs.address())).isEqualTo((byte) 1);
                }
            }
            assertThat(space.getByte(address)).isEqualTo((byte) 3);
            assertThat(space.getByte(address + 4 * PAGE - 1)).isEqualTo((byte) 3);
        }
    }

    @Test
    void holesGetFramesOnlyWhenTheyAreNotSkipped() {
        for (int page : new int[] {3, 4, 70, 199}) {
            space.setByte(address + (long) page * PAGE, (byte) page);
        }
        long seen = 0;
        try (WritableRunCursor runs = space.writableRuns(address + 3 * PAGE + 7, (PAGES - 3L) * PAGE - 7)) {
            assertThat(runs.nextWritten()).isTrue();
            assertThat(runs.address()).isEqualTo(address + 3 * PAGE + 7);
            seen += runs.memory().byteSize();
            while (runs.nextWritten()) {
                seen += runs.memory().byteSize();
                runs.memory().set(JAVA_BYTE, 1, (byte) 1);
            }
        }
        assertThat(seen).isEqualTo(4 * PAGE - 7);
        assertThat(usedPages()).isEqualTo(4);
        assertThat(space.getByte(address + 199L * PAGE + 1)).isEqualTo((byte) 1);

        try (WritableRunCursor runs = space.writableRuns(address, (long) PAGES * PAGE)) {
            seen = 0;
            while (runs.next()) {
                seen += runs.memory().byteSize();
            }
        }
        assertThat(seen).isEqualTo((long) PAGES * PAGE);
        assertThat(usedPages()).isEqualTo(PAGES);
    }

    @Test
    void runIsPinnedUntilTheCursorGoesOn() {
        try (WritableRunCursor runs = space.writableRuns(address, (long) PAGES * PAGE)) {
            assertThat(leaks.manager().openPins()).isEmpty();
            assertThat(runs.next()).isTrue();
            MemorySegment first = runs.memory();
            assertThat(space.pageState(address).pinned()).isTrue();
            assertThat(leaks.manager().openPins()).hasSize(1);
            while (runs.address() < address + LONGEST) {
                assertThat(runs.next()).isTrue();
            }
            assertThat(space.pageState(address).pinned()).isFalse();
            assertThatIllegalStateException().isThrownBy(() -> first.get(JAVA_BYTE, 0));
        }
    }

    @Test
    void cursorMayBeClosedTwiceAndIsRefusedThen() {
        WritableRunCursor runs = space.writableRuns(address, PAGE);
        runs.next();
        MemorySegment memory = runs.memory();
        runs.close();
        runs.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::next);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::nextWritten);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::memory);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::address);
        assertThatIllegalStateException().isThrownBy(() -> memory.get(JAVA_BYTE, 0));
        assertThat(runs.toString()).contains("data", "closed");
    }

    @Test
    void rangesThatMayNotBeWrittenAreRefusedAtOnce() {
        long end = address + (long) PAGES * PAGE;
        assertThatIllegalArgumentException().isThrownBy(() -> space.writableRuns(address, -1));
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> space.writableRuns(end - 1, 2));
        space.protect(end - PAGE, PAGE, Protection.READ_ONLY);
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> space.writableRuns(address, (long) PAGES * PAGE));
        try (AddressSpace snapshot = space.snapshot()) {
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> snapshot.writableRuns(address, 1));
        }
        assertThat(usedPages()).isZero();
    }

    @Test
    void runThatIsRefusedCanBeAskedForAgain() {
        try (WritableRunCursor runs = space.writableRuns(address, 100 * PAGE)) {
            space.protect(address, PAGE, Protection.READ_ONLY);
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(runs::next);
            assertThat(runs.memory().byteSize()).isZero();
            space.protect(address, PAGE, Protection.READ_WRITE);
            assertThat(runs.next()).isTrue();
            assertThat(runs.address()).isEqualTo(address);
        }
        long large = space.map(16L << 20);
        try (WritableRunCursor runs = space.writableRuns(large, 16L << 20)) {
            assertThatExceptionOfType(OutOfFramesException.class).isThrownBy(() -> {
                while (runs.next()) {
                    runs.memory().fill((byte) 1);
                }
            });
        }
        space.unmap(large, 16L << 20);
    }

    @Test
    void cursorEndsWithItsSpaceButNotItsRun() {
        AddressSpace other = leaks.manager().newAddressSpace("other");
        long there = other.map(100 * PAGE);
        try (WritableRunCursor runs = other.writableRuns(there, 100 * PAGE)) {
            assertThat(runs.next()).isTrue();
            other.close();
            runs.memory().fill((byte) 1);
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> {
                while (runs.next()) {
                    assertThat(runs.address()).isLessThan(there + LONGEST);
                }
            });
        }
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> other.writableRuns(there, 1));
    }

    @Test
    void cursorBelongsToItsThreadUntilTheThreadEnds() throws InterruptedException {
        try (WritableRunCursor runs = space.writableRuns(address, PAGE)) {
            Threads.elsewhere(() -> {
                assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::next);
                assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::memory);
                assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::close);
            });
            assertThat(runs.next()).isTrue();
        }
        AtomicReference<WritableRunCursor> left = new AtomicReference<>();
        Threads.elsewhere(() -> {
            left.set(space.writableRuns(address, PAGE));
            left.get().next();
        });
        assertThat(leaks.manager().openPins()).hasSize(1);
        left.get().close();
    }
}
