package io.quire.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("portable")
class RunCursorTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 200;

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
        space.close();
    }

    @Test
    void aRefusedCursorDoesNotCountAsAFork() {
        long before = leaks.manager().statistics().forks();
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> space.runs(address, 1L << 40));
        assertThat(leaks.manager().statistics().forks()).isEqualTo(before);
        assertThat(leaks.manager().openSpaces()).hasSize(1);
        space.runs(address, PAGE).close();
        assertThat(leaks.manager().statistics().forks()).isEqualTo(before + 1);
    }

    @Test
    void runsHaveTheContentOfTheRange() {
        byte[] bytes = new byte[70 * PAGE];
        new Random(3).nextBytes(bytes);
        space.copyFrom(bytes, 0, address, bytes.length);
        for (int[] range : new int[][] {{0, bytes.length}, {5, 1}, {PAGE - 1, 2}, {4095, 64 * PAGE + 3},
            {17, 0}}) {
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            try (RunCursor runs = space.runs(address + range[0], range[1])) {
                while (runs.next()) {
                    assertThat(runs.address()).isEqualTo(address + range[0] + content.size());
                    assertThat(runs.memory().byteSize()).isPositive().isLessThanOrEqualTo(2 << 20);
                    assertThat(runs.memory().isReadOnly()).isTrue();
                    content.writeBytes(runs.memory().toArray(JAVA_BYTE));
                }
                assertThat(runs.next()).isFalse();
                assertThat(runs.memory().byteSize()).isZero();
            }
            assertThat(content.toByteArray())
                    .isEqualTo(Arrays.copyOfRange(bytes, range[0], range[0] + range[1]));
        }
    }

    @Test
    void memoryWrittenInOrderComesInRunsOfManyPages() {
        space.fill(address, (long) PAGES * PAGE, (byte) 1);
        List<Long> sizes = runSizes();
        assertThat(sizes.stream().mapToLong(Long::longValue).sum()).isEqualTo((long) PAGES * PAGE);
        assertThat(sizes).hasSizeLessThan(PAGES / 4);
        assertThat(sizes).anyMatch(size -> size >= 8 * PAGE);
    }

    @Test
    void memoryNeverWrittenComesAsZerosAndTakesNoFrame() {
        space.setByte(address + 3 * PAGE, (byte) 1);
        assertThat(runSizes()).containsExactly(3L * PAGE, (long) PAGE, (long) (PAGES - 4) * PAGE);
        try (RunCursor runs = space.runs(address + 5, 3 * PAGE - 5)) {
            assertThat(runs.next()).isTrue();
            assertThat(runs.memory().mismatch(MemorySegment.ofArray(new byte[3 * PAGE - 5]))).isEqualTo(-1);
            assertThat(runs.memory().isReadOnly()).isTrue();
            assertThat(runs.next()).isFalse();
        }
        try (RunCursor runs = space.runs(address + 5 * PAGE + 5, 7)) {
            assertThat(runs.next()).isTrue();
            assertThat(runs.memory().byteSize()).isEqualTo(7);
        }
        assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(PAGE);
    }

    @Test
    void holesAreSkippedOnRequest() {
        long size = 1L << 45;
        long start = space.map(size);
        long[] written = {PAGE, 2 * PAGE, 64 * PAGE, (32 << 20) + 5 * PAGE, 1L << 40, size - PAGE};
        for (long page : written) {
            space.setByte(start + page, (byte) 1);
        }
        space.setByte(start + 7 * PAGE, (byte) 0);
        space.setByte(start + 9 * PAGE, (byte) 1);
        space.discard(start + 9 * PAGE, PAGE);
        List<Long> seen = new ArrayList<>();
        try (RunCursor runs = space.runs(start + 5, size - 5)) {
            while (runs.nextWritten()) {
                for (long at = 0; at < runs.memory().byteSize(); at += PAGE) {
                    assertThat(runs.memory().get(JAVA_BYTE, at)).isEqualTo(space.getByte(runs.address() + at));
                    seen.add(runs.address() + at - start);
                }
            }
            assertThat(runs.next()).isFalse();
            assertThat(runs.nextWritten()).isFalse();
            assertThat(runs.memory().byteSize()).isZero();
        }
        assertThat(seen).containsExactly((long) PAGE, 2L * PAGE, 7L * PAGE, 64L * PAGE, (32L << 20) + 5 * PAGE,
                1L << 40, size - PAGE);
        try (RunCursor runs = space.runs(start, 3 * PAGE)) {
            assertThat(runs.next()).isTrue();
            assertThat(runs.address()).isEqualTo(start);
            assertThat(runs.nextWritten()).isTrue();
            assertThat(runs.address()).isEqualTo(start + PAGE);
        }
        try (RunCursor runs = space.runs(start + PAGE + 9, 5)) {
            assertThat(runs.nextWritten()).isTrue();
            assertThat(runs.address()).isEqualTo(start + PAGE + 9);
            assertThat(runs.memory().byteSize()).isEqualTo(5);
        }
        try (RunCursor runs = space.runs(start + 100 * PAGE, 0)) {
            assertThat(runs.nextWritten()).isFalse();
        }
    }

    @Test
    void holesOfAnySizeArePassedInLongRunsAndEachByteIsSeenOnce() {
        long size = 64L << 20;
        long start = space.map(size);
        long[] written = {0, PAGE, 17 * PAGE, (2 << 20) - PAGE, 2 << 20, 9 << 20, (32 << 20) + 5 * PAGE, size - PAGE};
        for (long page : written) {
            space.setByte(start + page, (byte) 1);
        }
        long next = start;
        int runs = 0;
        int ones = 0;
        try (RunCursor cursor = space.runs(start, size)) {
            while (cursor.next()) {
                assertThat(cursor.address()).isEqualTo(next);
                next += cursor.memory().byteSize();
                runs++;
                for (long page = 0; page < cursor.memory().byteSize(); page += PAGE) {
                    byte seen = cursor.memory().get(JAVA_BYTE, page);
                    assertThat(seen).isEqualTo(space.getByte(cursor.address() + page));
                    ones += seen;
                }
            }
        }
        assertThat(next).isEqualTo(start + size);
        assertThat(ones).isEqualTo(written.length);
        assertThat(runs).isLessThanOrEqualTo(32 + 2 * written.length);
        space.unmap(start, size);
    }

    @Test
    void cursorSeesTheMomentItWasOpenedWhileAWriterWrites() throws InterruptedException {
        Threads.race(Duration.ofMillis(500),
                running -> {
                    try (Accessor accessor = space.accessor()) {
                        for (long round = 1; running.getAsBoolean(); round++) {
                            for (int page = 0; page < PAGES; page++) {
                                accessor.setLong(address + (long) page * PAGE + 8 * (page % 500), round);
                            }
                        }
                    }
                },
                running -> {
                    while (running.getAsBoolean()) {
                        checkOneMoment();
                    }
                });
    }

    /** Checks that the current round of the writer has reached every page up to one, and no page after it. */
    private void checkOneMoment() {
        long first = -1;
        long last = Long.MAX_VALUE;
        try (RunCursor runs = space.runs(address, (long) PAGES * PAGE)) {
            while (runs.next()) {
                for (long at = 0; at < runs.memory().byteSize(); at += PAGE) {
                    long page = (runs.address() + at - address) / PAGE;
                    long value = runs.memory().get(JAVA_LONG_UNALIGNED, at + 8 * (page % 500));
                    first = page == 0 ? value : first;
                    assertThat(value).isBetween(first - 1, last);
                    last = value;
                }
            }
        }
    }

    @Test
    void segmentsEndWithTheirRun() {
        space.fill(address, PAGE, (byte) 1); // the next page is never written, so the run ends here
        RunCursor runs = space.runs(address, (long) PAGES * PAGE);
        assertThat(runs.next()).isTrue();
        MemorySegment first = runs.memory();
        assertThat(first.get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
        assertThatThrownBy(() -> first.set(JAVA_BYTE, 0, (byte) 2))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(runs.next()).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> first.get(JAVA_BYTE, 0));
        MemorySegment second = runs.memory();
        assertThat(second.get(JAVA_BYTE, 0)).isZero();
        runs.close();
        assertThatIllegalStateException().isThrownBy(() -> second.get(JAVA_BYTE, 0));
    }

    @Test
    void cursorBelongsToOneThreadAndIsRefusedAfterClose() throws InterruptedException {
        RunCursor runs = space.runs(address, PAGE);
        runs.next();
        Threads.elsewhere(() -> {
            assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::next)
                    .withMessageContaining("owner=main");
            assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::memory);
            assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::address);
            assertThatExceptionOfType(WrongThreadException.class).isThrownBy(runs::close);
        });
        assertThat(runs.memory().byteSize()).isEqualTo(PAGE);
        runs.close();
        runs.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::next)
                .withMessageContaining("runs of data");
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::memory);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(runs::address);
        assertThat(runs.toString()).contains("closed");
    }

    @Test
    void invalidRangesAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> space.runs(address, -1))
                .withMessageContaining("sizeBytes=-1");
        for (long size : new long[] {(long) PAGES * PAGE + 1, 1L << 47, Long.MAX_VALUE}) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> space.runs(address, size));
        }
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> space.runs(0, 1));
        assertThat(leaks.manager().statistics().openSpaces()).isEqualTo(1);
    }

    @Test
    void memoryThatMayNotBeReadIsRefused() {
        space.setByte(address + PAGE, (byte) 1);
        space.protect(address + PAGE, PAGE, Protection.NONE);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> {
            try (RunCursor runs = space.runs(address, 3 * PAGE)) {
                while (runs.next()) {
                    assertThat(runs.address()).isEqualTo(address);
                }
            }
        }).satisfies(refused -> assertThat(refused.address()).isEqualTo(address + PAGE));
    }

    @Test
    void openCursorKeepsTheManagerOpenAndOutlivesItsSpace() {
        AddressSpace other = leaks.manager().newAddressSpace("short-lived");
        long there = other.map(PAGE);
        other.setByte(there, (byte) 7);
        try (RunCursor runs = other.runs(there, PAGE)) {
            other.close();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> other.runs(there, PAGE));
            assertThatExceptionOfType(OpenSpacesException.class).isThrownBy(leaks.manager()::close)
                    .withMessageContaining("runs of short-lived");
            assertThat(runs.next()).isTrue();
            assertThat(runs.memory().get(JAVA_BYTE, 0)).isEqualTo((byte) 7);
        }
    }

    private List<Long> runSizes() {
        List<Long> sizes = new ArrayList<>();
        try (RunCursor runs = space.runs(address, (long) PAGES * PAGE)) {
            while (runs.next()) {
                sizes.add(runs.memory().byteSize());
            }
        }
        return sizes;
    }
}
