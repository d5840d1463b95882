package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An accessor pins without the lock, while other threads do what a pin must prevent. */
class AccessorPinRaceTest {

    private static final long PAGE = 4096;
    private static final Duration TIME = Duration.ofSeconds(1);
    private static final long NONE = -1;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(16);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 24).device("near", near).watermarks(0, 0)
            .backgroundAgent(false));

    /** Adds one to the first word of a page through a pin. */
    private static void addThroughPin(Accessor accessor, long address) {
        try (Pin pin = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            var bytes = pin.segments().getFirst();
            bytes.set(LONG, 0, bytes.get(LONG, 0) + 1);
        }
    }

    @Test
    void migrationLosesNoStoreThroughAPin() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            long[] added = new long[1];
            Threads.race(TIME, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        for (int i = 0; i < 100; i++) {
                            addThroughPin(accessor, address);
                            added[0]++;
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, leaks.manager().pool("near"));
                    space.migrate(address, PAGE, leaks.manager().hostPool());
                }
            });
            assertThat(space.getLong(address)).isEqualTo(added[0]);
        }
    }

    @Test
    void storesThroughAPinDoNotReachAFork() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            Threads.race(TIME, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        for (int i = 0; i < 100; i++) {
                            addThroughPin(accessor, address);
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (AddressSpace child = space.fork()) {
                        long first = child.getLong(address);
                        for (int i = 0; i < 100; i++) {
                            assertThat(child.getLong(address)).isEqualTo(first);
                        }
                    }
                }
            });
        }
    }

    @Test
    void pageThatIsPinnedIsNeverExclusiveToADevice() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            Attachment attachment = leaks.manager().device("near").attach(space);
            Threads.race(TIME, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        try (Pin _ = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                            for (int i = 0; i < 10; i++) {
                                PageState state = space.pageState(address);
                                assertThat(attachment.exclusivePages() > 0
                                        && state.place() == PageState.Place.EXCLUSIVE).isFalse();
                            }
                        }
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try {
                        attachment.makeExclusive(address, PAGE);
                    } catch (PagesBusyException pinned) {
                        Thread.onSpinWait(); // the page is pinned; try again
                    }
                }
            });
        }
    }

    @Test
    void pinnedFrameIsNotReusedWhenItsRangeIsUnmapped() throws InterruptedException {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            AtomicLong published = new AtomicLong(NONE);
            Threads.race(TIME, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        long address = space.map(PAGE);
                        accessor.setLong(address, 0);
                        published.set(address);
                        pinUntilUnmapped(accessor, address, running);
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    long address = published.getAndSet(NONE);
                    if (address != NONE) {
                        space.unmap(address, PAGE);
                        try (AddressSpace next = leaks.manager().newAddressSpace()) {
                            next.fill(next.map(PAGE), PAGE, (byte) 9); // takes the frame that has just become free
                        }
                    }
                }
            });
        }
    }

    private static void pinUntilUnmapped(Accessor accessor, long address, BooleanSupplier running) {
        while (running.getAsBoolean()) {
            try (Pin pin = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                for (int i = 0; i < 10; i++) {
                    assertThat(pin.segments().getFirst().get(LONG, 0)).isZero();
                }
            } catch (AddressNotMappedException unmapped) {
                return;
            }
        }
    }

    @Test
    void pinThatIsClosedWhileItsSpaceIsClosedIsForgotten() throws InterruptedException {
        Threads.race(TIME, running -> {
            while (running.getAsBoolean()) {
                AddressSpace space = leaks.manager().newAddressSpace();
                long address = space.map(PAGE);
                CountDownLatch pinned = new CountDownLatch(1);
                Thread pinner = Thread.ofPlatform().start(() -> {
                    try (Accessor accessor = space.accessor()) {
                        accessor.setLong(address, 1);
                        addThroughPin(accessor, address);
                        Pin pin = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE);
                        pinned.countDown();
                        pin.close();
                    }
                });
                pinned.await();
                space.close();
                pinner.join();
                assertThat(leaks.manager().openPins()).isEmpty();
                assertThat(leaks.manager().statistics().tier().openPins()).isZero();
            }
        });
    }
}
