package io.quire.memory.upkeep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.LogLines;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Short-term pins that are held too long are reported. The tests say what time it is. */
@Tag("portable")
class PinWatchTest {

    private static final long PAGE = 4096;
    private static final Duration OVERSTAY = Duration.ofHours(1);
    private static final Duration TOO_LONG = OVERSTAY.multipliedBy(2);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).pinOverstay(OVERSTAY)
            .backgroundAgent(false).leakTracking(true));

    @RegisterExtension
    final LogLines log = new LogLines();

    private long now;

    private PinWatch watchOf(AddressSpace space) {
        PinWatch watch = new PinWatch(ManagerCheck.machine(space));
        now = System.nanoTime();
        return watch;
    }

    private int lookAfter(Duration time, PinWatch watch) {
        now += time.toNanos();
        return watch.look(now);
    }

    private List<String> reports() {
        return log.about("held too long");
    }

    @Test
    void overstayIsReportedOnceWithTheThreadAndItsStack() {
        try (AddressSpace space = leaks.manager().newAddressSpace("slow")) {
            PinWatch watch = watchOf(space);
            long address = space.map(3 * PAGE);
            try (Pin _ = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
                    Pin _ = space.pin(address + PAGE, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
                assertThat(lookAfter(Duration.ZERO, watch)).isZero();
                assertThat(lookAfter(TOO_LONG, watch)).isOne();
                assertThat(reports()).singleElement().asString().contains("space slow",
                        "address=0x" + Long.toHexString(address), Thread.currentThread().getName(),
                        "PinWatchTest.overstayIsReportedOnceWithTheThreadAndItsStack");
                assertThat(lookAfter(OVERSTAY, watch)).isZero();
                try (Pin _ = space.pin(address + 2 * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    assertThat(lookAfter(OVERSTAY, watch)).isZero();
                    assertThat(lookAfter(TOO_LONG, watch)).isOne();
                    assertThat(reports()).hasSize(2).last().asString().contains("SHORT", "READ");
                }
            }
        }
    }

    @Test
    void maintenanceReportsAtItsFirstLookAPinThatKnowsWhenItWasTaken() {
        try (MemoryManager tracked = MemoryManager.builder().hostPool(1 << 20).pinOverstay(Duration.ofNanos(1))
                .backgroundAgent(false).leakTracking(true).build();
                AddressSpace space = tracked.newAddressSpace("slow")) {
            try (Pin _ = space.pin(space.map(PAGE), PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThat(tracked.maintain()).isPositive();
                assertThat(reports()).singleElement().asString().contains("space slow");
            }
        }
    }

    @Test
    void reportShowsWhereTheThreadIsThatHoldsThePin() throws Exception {
        try (AddressSpace space = leaks.manager().newAddressSpace("stuck")) {
            PinWatch watch = watchOf(space);
            long address = space.map(PAGE);
            CountDownLatch pinned = new CountDownLatch(1);
            CountDownLatch done = new CountDownLatch(1);
            Thread holder = Thread.ofPlatform().name("holder").start(() -> {
                try (Pin _ = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    pinned.countDown();
                    waitForSomethingElse(done);
                }
            });
            pinned.await();
            while (holder.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            lookAfter(Duration.ZERO, watch);
            lookAfter(TOO_LONG, watch);
            done.countDown();
            holder.join();
            assertThat(reports()).singleElement().asString().contains("taken by thread holder", "WAITING",
                    "PinWatchTest.waitForSomethingElse");
        }
    }

    private static void waitForSomethingElse(CountDownLatch done) {
        try {
            done.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void timeOfAnAccessorPinCountsFromTheLookThatFoundIt() {
        try (MemoryManager untracked = MemoryManager.builder().hostPool(1 << 20).pinOverstay(OVERSTAY)
                .backgroundAgent(false).build();
                AddressSpace space = untracked.newAddressSpace("quick"); Accessor accessor = space.accessor()) {
            PinWatch watch = watchOf(space);
            long address = space.map(PAGE);
            accessor.setLong(address, 1);
            accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE).close(); // from now on it has places
            try (Pin _ = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThat(lookAfter(TOO_LONG, watch)).as("the first look").isZero();
                assertThat(lookAfter(TOO_LONG, watch)).isOne();
                assertThat(reports()).singleElement().asString().contains("at least", "space quick",
                        "PinWatchTest.timeOfAnAccessorPin");
                assertThat(lookAfter(OVERSTAY, watch)).as("the same pin again").isZero();
            }
            try (Pin _ = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThat(lookAfter(OVERSTAY.dividedBy(5), watch)).as("the next pin in the same place").isZero();
                assertThat(lookAfter(TOO_LONG, watch)).isOne();
            }
        }
    }

    @Test
    void looksTenTimesInTheTimeThatIsAllowed() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            PinWatch watch = watchOf(space);
            try (Pin _ = space.pin(space.map(PAGE), PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                lookAfter(Duration.ZERO, watch);
                lookAfter(OVERSTAY.minusSeconds(1), watch);
                assertThat(lookAfter(Duration.ofSeconds(2), watch)).as("too early for another look").isZero();
                assertThat(lookAfter(OVERSTAY.dividedBy(10), watch)).isOne();
            }
        }
    }

    @Test
    void pinOfAClosedSpaceIsReportedToo() {
        AddressSpace space = leaks.manager().newAddressSpace("gone");
        PinWatch watch = watchOf(space);
        try (Pin pin = space.pin(space.map(PAGE), PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            space.close();
            lookAfter(Duration.ZERO, watch);
            lookAfter(TOO_LONG, watch);
            assertThat(reports()).singleElement().asString().contains("gone");
            assertThat(pin.toString()).contains("gone");
        }
        assertThat(lookAfter(TOO_LONG, watch)).isZero();
    }

    @Test
    void onlyTheSegmentsOfAPinNeedNativeAccess() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                if (NativeAccess.ENABLED) {
                    assertThat(pin.segments()).hasSize(1);
                } else {
                    assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(pin::segments);
                    assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(pin::segments);
                }
                assertThat(pin.state(address).pinned()).isTrue();
            }
        }
    }
}
