package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Short-term pins that are held too long are reported; and what pins do without native access. */
@Tag("portable")
class PinWatchTest {

    private static final long PAGE = 4096;
    private static final Duration OVERSTAY = Duration.ofMillis(100);

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).pinOverstay(OVERSTAY)
            .backgroundAgent(false).leakTracking(true));

    private final Logger logger = Logger.getLogger("io.quire.memory.upkeep.PinWatch");
    private final List<String> messages = new CopyOnWriteArrayList<>();
    private final Handler listener = new Handler() {
        @Override
        public void publish(LogRecord line) {
            messages.add(line.getMessage());
        }

        @Override
        public void flush() {
        }

        @Override
        public void close() {
        }
    };

    @BeforeEach
    void listen() {
        logger.setUseParentHandlers(false);
        logger.addHandler(listener);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(listener);
        logger.setUseParentHandlers(true);
    }

    private static void sleep(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    @Test
    void overstayIsReportedOnceWithWhoTookThePin() {
        try (AddressSpace space = leaks.manager().newAddressSpace("slow")) {
            long address = space.map(3 * PAGE);
            try (Pin held = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
                    Pin longTerm = space.pin(address + PAGE, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
                leaks.manager().maintain();
                assertThat(messages).isEmpty();
                sleep(OVERSTAY.multipliedBy(2));
                assertThat(leaks.manager().maintain()).isPositive();
                assertThat(messages).singleElement().asString().contains("held too long", "space slow",
                        "address=0x" + Long.toHexString(address), Thread.currentThread().getName(),
                        "PinWatchTest.overstayIsReportedOnceWithWhoTookThePin");
                sleep(OVERSTAY);
                leaks.manager().maintain();
                assertThat(messages).hasSize(1);
                assertThat(held.term()).isNotEqualTo(longTerm.term());
                try (Pin second = space.pin(address + 2 * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    sleep(OVERSTAY.multipliedBy(2));
                    leaks.manager().maintain();
                    assertThat(messages).hasSize(2);
                    assertThat(second.toString()).contains("SHORT", "READ");
                }
            }
        }
    }

    @Test
    void reportSaysWhereTheThreadIsThatHoldsThePin() throws Exception {
        try (AddressSpace space = leaks.manager().newAddressSpace("stuck")) {
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
            sleep(OVERSTAY.multipliedBy(2));
            leaks.manager().maintain();
            done.countDown();
            holder.join();
            assertThat(messages).singleElement().asString().contains("taken by thread holder", "WAITING",
                    "PinWatchTest.waitForSomethingElse");
        }
    }

    @Test
    void timeOfAPinInAPlaceOfAnAccessorCountsFromWhenItIsSeenFirst() {
        try (MemoryManager untracked = MemoryManager.builder().hostPool(1 << 20).pinOverstay(OVERSTAY)
                .backgroundAgent(false).build();
                AddressSpace space = untracked.newAddressSpace("quick"); Accessor accessor = space.accessor()) {
            long address = space.map(PAGE);
            accessor.setLong(address, 1);
            accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE).close(); // from now on it has places
            try (Pin _ = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                untracked.maintain();
                sleep(OVERSTAY.multipliedBy(2));
                untracked.maintain();
                assertThat(messages).singleElement().asString().contains("at least", "space quick",
                        "PinWatchTest.timeOfAPin");
                sleep(OVERSTAY);
                untracked.maintain();
                assertThat(messages).as("once").hasSize(1);
            }
            try (Pin _ = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                sleep(OVERSTAY.dividedBy(5)); // it does not look again sooner
                untracked.maintain();
                assertThat(messages).as("another use of the place").hasSize(1);
                sleep(OVERSTAY.multipliedBy(2));
                untracked.maintain();
                assertThat(messages).as("too long as well").hasSize(2);
            }
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
    void pinOfAClosedSpaceIsReportedToo() {
        AddressSpace space = leaks.manager().newAddressSpace("gone");
        long address = space.map(PAGE);
        try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            space.close();
            sleep(OVERSTAY.multipliedBy(2));
            leaks.manager().maintain();
            assertThat(messages).singleElement().asString().contains("gone");
            assertThat(pin.toString()).contains("gone");
        }
        leaks.manager().maintain();
    }

    @Test
    void segmentsNeedNativeAccessAndNothingElseOfAPinDoes() {
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
