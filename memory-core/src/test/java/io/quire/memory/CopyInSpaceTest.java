package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.OutOfFramesException;
import io.quire.memory.contract.PageState;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A copy inside a space writes the whole target or nothing, wherever the source is. */
class CopyInSpaceTest {

    private static final long PAGE = 4096;
    private static final long POOL_PAGES = 1024;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(512);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(POOL_PAGES * PAGE).device("far", far)
            .watermarks(0, 0).backgroundAgent(false));

    private long usedPages() {
        return leaks.manager().statistics().usedBytes() / PAGE;
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 300})
    void sourceInPrivateMemoryComesHome(int pages) {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            for (MemoryAccess access : new MemoryAccess[] {space, accessor}) {
                long from = space.map(pages * PAGE);
                long to = space.map(pages * PAGE);
                for (int page = 0; page < pages; page++) {
                    space.setLong(from + page * PAGE, page + 1);
                }
                assertThat(space.migrate(from, pages * PAGE, leaks.manager().pool("far")).isComplete()).isTrue();

                access.copy(from, to, pages * PAGE);

                for (int page = 0; page < pages; page++) {
                    assertThat(space.getLong(to + page * PAGE)).isEqualTo(page + 1);
                }
                space.unmap(from, pages * PAGE);
                space.unmap(to, pages * PAGE);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 300})
    void sourceThatTheDeviceKeepsLeavesTheTargetAsItWas(int pages) {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long from = space.map(pages * PAGE);
            long to = space.map(pages * PAGE);
            space.fill(from, pages * PAGE, (byte) 1);
            long last = from + (pages - 1) * PAGE;
            assertThat(space.migrate(last, PAGE, leaks.manager().pool("far")).isComplete()).isTrue();
            long before = usedPages();
            far.on(Call.COPY_TO_HOST, 1, RecordingDriver::failing);

            assertThatExceptionOfType(DriverFailedException.class)
                    .isThrownBy(() -> space.copy(from, to, pages * PAGE));

            assertThat(usedPages()).isEqualTo(before);
            assertThat(space.getByte(to)).isZero();
            assertThat(space.pageState(last).place()).isEqualTo(PageState.Place.DEVICE_PRIVATE);
            space.copy(from, to, pages * PAGE);
            assertThat(space.getByte(to + pages * PAGE - 1)).isEqualTo((byte) 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 300})
    void targetThatLacksFramesIsLeftAsItWas(int pages) {
        try (AddressSpace space = leaks.manager().newAddressSpace();
                AddressSpace hog = leaks.manager().newAddressSpace()) {
            long from = space.map(pages * PAGE);
            long to = space.map(pages * PAGE);
            space.fill(from, pages * PAGE, (byte) 1);
            long count = leaks.manager().statistics().freeBytes() / PAGE - pages + 3;
            long address = hog.map(count * PAGE);
            hog.fill(address, count * PAGE, (byte) 1);
            long before = usedPages();

            assertThatExceptionOfType(OutOfFramesException.class)
                    .isThrownBy(() -> space.copy(from + 5, to, pages * PAGE - 5));

            assertThat(usedPages()).isEqualTo(before);
            assertThat(space.getByte(to)).isZero();
            ManagerCheck.recount(leaks.manager());
        }
    }

    /** A fork sees all of a copy of at most 256 KiB, or nothing of it. */
    @Test
    void forkSeesAShortCopyWholeOrNotAtAll() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long size = 20 * PAGE;
            long from = space.map(2 * size);
            long to = space.map(size);
            space.fill(from, size, (byte) 1);
            space.fill(from + size, size, (byte) 2);
            space.copy(from, to, size);
            Threads.race(Duration.ofMillis(500), running -> {
                try (Accessor accessor = space.accessor()) {
                    for (int turn = 0; running.getAsBoolean(); turn++) {
                        accessor.copy(from + turn % 2 * size, to, size);
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (AddressSpace fork = space.snapshot()) {
                        long source = fork.getByte(to) == 1 ? from : from + size;
                        assertThat(fork.mismatch(to, fork, source, size)).isEqualTo(-1);
                    }
                }
            });
        }
    }
}
