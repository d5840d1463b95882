package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Free memory goes back to the operating system, and can be used again. */
@Tag("portable")
class TrimTest {

    private static final long MIB = 1L << 20;
    private static final long HUGE = 2 * MIB;

    @Test
    void freeMemoryThatWasUsedGoesBackOnce() throws IOException {
        try (MemoryManager manager = builder(256 * MIB).build()) {
            assertThat(manager.trim()).as("bytes given back by an unused pool").isZero();
            long before = residentBytes();
            fillAndClose(manager, 200 * MIB);
            long given = manager.trim();
            if (!NativeAccess.ENABLED) {
                assertThat(given).isZero();
                return;
            }
            assertThat(given).isBetween(190 * MIB, 202 * MIB);
            assertThat(given % HUGE).isZero();
            assertThat(residentBytes() - before).isLessThan(60 * MIB);
            assertThat(manager.trim()).as("bytes given back a second time").isZero();
            fillAndClose(manager, 200 * MIB);
            assertThat(manager.trim()).isEqualTo(given);
        }
    }

    @Test
    void memoryInUseIsNotGivenBack() {
        try (MemoryManager manager = builder(64 * MIB).build(); AddressSpace space = manager.newAddressSpace()) {
            long address = space.map(32 * MIB);
            space.fill(address, 32 * MIB, (byte) 7);
            space.discard(address + 8 * MIB, 16 * MIB);
            manager.trim();
            for (long at = 0; at < 32 * MIB; at += 4096) {
                assertThat(space.getByte(address + at)).isEqualTo((byte) (at >= 8 * MIB && at < 24 * MIB ? 0 : 7));
            }
            space.fill(address, 32 * MIB, (byte) 8);
            assertThat(space.getByte(address + 12 * MIB)).isEqualTo((byte) 8);
        }
    }

    @Test
    void poolsOfCoherentMemoryGiveBackToo() {
        try (MemoryManager manager = builder(64 * MIB).deviceCoherentPool("tier", 32 * MIB).build()) {
            try (AddressSpace space = manager.newAddressSpace()) {
                long address = space.map(16 * MIB);
                space.fill(address, 16 * MIB, (byte) 1);
                assertThat(space.migrate(address, 16 * MIB, manager.pool("tier")).isComplete()).isTrue();
                long given = manager.trim();
                space.migrate(address, 16 * MIB, manager.hostPool());
                long givenByDevice = manager.trim();
                if (NativeAccess.ENABLED) {
                    assertThat(given).isBetween(12 * MIB, 18 * MIB);
                    assertThat(givenByDevice).isBetween(12 * MIB, 18 * MIB);
                }
                assertThat(space.getByte(address + 5)).isEqualTo((byte) 1);
            }
        }
    }

    @Test
    void maintenanceGivesBackMemoryThatHasBeenFreeForSomeTime() throws InterruptedException, IOException {
        try (MemoryManager manager = builder(128 * MIB).giveBackAfter(Duration.ofMillis(20)).build()) {
            long before = residentBytes();
            fillAndClose(manager, 100 * MIB);
            long end = System.nanoTime() + 20_000_000_000L;
            while (NativeAccess.ENABLED && residentBytes() - before > 40 * MIB && System.nanoTime() < end) {
                manager.maintain();
                Thread.sleep(1);
            }
            if (NativeAccess.ENABLED) {
                assertThat(residentBytes() - before).isLessThan(40 * MIB);
            }
        }
    }

    /** The threads use every frame of the pool, so an allocation fails if a trim hides even one. */
    @Test
    void trimHidesNoFrameFromAnAllocation() throws InterruptedException {
        try (MemoryManager manager = builder(16 * MIB).build()) {
            Threads.race(Duration.ofMillis(800), running -> {
                while (running.getAsBoolean()) {
                    manager.trim();
                }
            }, running -> {
                for (byte round = 1; running.getAsBoolean(); round++) {
                    try (AddressSpace space = manager.newAddressSpace()) {
                        long address = space.map(16 * MIB);
                        space.fill(address, 16 * MIB, round);
                        for (long at = 0; at < 16 * MIB; at += 4096) {
                            if (space.getByte(address + at) != round) {
                                throw new AssertionError("a page that is in use was given back");
                            }
                        }
                    }
                }
            });
            LeakCheck.checkAndClose(manager);
        } catch (ClosedException closedByTheCheck) {
            assertThat(closedByTheCheck).isNotNull();
        }
    }

    @Test
    void touchedMemoryIsResidentFromTheBeginningAndCanBeTrimmed() throws IOException {
        long before = residentBytes();
        try (MemoryManager manager = builder(64 * MIB).touchAhead(true).build()) {
            assertThat(residentBytes() - before).isGreaterThan(50 * MIB);
            try (AddressSpace space = manager.newAddressSpace()) {
                assertThat(space.getLong(space.map(4096))).isZero();
            }
            assertThat(manager.trim()).isEqualTo(NativeAccess.ENABLED ? 62 * MIB : 0);
        }
    }

    @Test
    void impossibleTimesAndClosedManagersAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> builder(MIB).giveBackAfter(Duration.ofNanos(-1)));
        builder(MIB).giveBackAfter(Duration.ofSeconds(Long.MAX_VALUE)).build().close();
        MemoryManager manager = builder(MIB).giveBackAfter(Duration.ZERO).build();
        manager.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(manager::trim);
    }

    private static MemoryManager.Builder builder(long sizeBytes) {
        return MemoryManager.builder().hostPool(sizeBytes).backgroundAgent(false);
    }

    private static void fillAndClose(MemoryManager manager, long sizeBytes) {
        try (AddressSpace space = manager.newAddressSpace()) {
            space.fill(space.map(sizeBytes), sizeBytes, (byte) 1);
        }
        while (manager.reclaim(1 << 16) > 0) {
            // until all is destroyed
        }
    }

    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElseThrow();
    }
}
