package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Attachment;
import io.quire.memory.Pin;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.history.TieredManager;
import io.quire.memory.softdevice.DeviceEvent;
import io.quire.memory.softdevice.FaultInjection;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Bugs of the Linux kernel with exclusive access and notifiers. docs/kernel-bugs.md has the list. */
@ExtendWith(Seed.class)
class MirrorBugsTest extends KernelBug {

    private static final int PAGES = 8;

    private static SoftwareDevice other(int frames) {
        return TieredManager.javaDevice("other", PoolKind.DEVICE_COHERENT, frames);
    }

    @Test
    @DisplayName("B35: a thread waits for an exclusive page without a reference to it, and the page is freed")
    void readersOfAnExclusivePageThatIsEvictedSeeItGrow() throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space)) {
            long address = mapNumbered(space, 1);
            AtomicLong added = new AtomicLong(1);
            race(running -> {
                while (running.getAsBoolean()) {
                    space.migrate(address, PAGE, memory.pool(device));
                    assertThat(device.atomicAdd(attached.mirror(), address, 1).value())
                            .isEqualTo(added.getAndIncrement());
                }
            }, running -> watchItGrow(space, address, added, running),
                    running -> watchItGrow(space, address, added, running), running -> {
                        while (running.getAsBoolean()) {
                            memory.manager().evict(memory.pool(device), 1);
                        }
                    });
            assertThat(space.getLong(address)).isEqualTo(added.get());
        }
    }

    private static void watchItGrow(AddressSpace space, long address, AtomicLong atLeast,
            BooleanSupplier running) {
        try (Accessor accessor = space.accessor()) {
            while (running.getAsBoolean()) {
                long before = atLeast.get();
                assertThat(accessor.getLong(address)).isGreaterThanOrEqualTo(before);
            }
        }
    }

    @Test
    @DisplayName("B36: the caller's own notifier invalidates the pages that it makes exclusive, for ever")
    void makingPagesExclusiveDoesNotInvalidateThemForTheirOwner() {
        SoftwareDevice device = coherent(PAGES);
        SoftwareDevice other = other(PAGES);
        try (TieredManager memory = new TieredManager(device, other);
                AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space);
                Attachment foreign = memory.device(other).attach(space)) {
            long address = mapNumbered(space, PAGES);
            for (int round = 0; round < 3; round++) {
                device.sum(attached.mirror(), address, PAGES * PAGE);
                other.sum(foreign.mirror(), address, PAGES * PAGE);
                attached.makeExclusive(address, PAGES * PAGE);
                assertThat(device.table(attached.mirror())).hasSize(PAGES)
                        .allMatch(entry -> entry.access() == DeviceAccess.ATOMIC);
                assertThat(other.table(foreign.mirror())).isEmpty();
            }
            assertThat(device.counters().invalidations(InvalidationKind.EXCLUSIVE)).isZero();
            assertThat(other.counters().invalidations(InvalidationKind.EXCLUSIVE)).isEqualTo(3 * PAGES);
        }
    }

    @Test
    @DisplayName("B37: one kind of event for the begin and the end of exclusive access")
    void devicesCanTellTheBeginOfExclusiveAccessFromItsEnd() {
        SoftwareDevice device = coherent(PAGES);
        SoftwareDevice other = other(PAGES);
        try (TieredManager memory = new TieredManager(device, other);
                AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space);
                Attachment foreign = memory.device(other).attach(space); Accessor accessor = space.accessor()) {
            long address = mapNumbered(space, 1);
            accessor.setLong(address, 1);
            other.sum(foreign.mirror(), address, PAGE);
            attached.makeExclusive(address, PAGE);
            assertThat(kinds(other)).containsExactly(InvalidationKind.EXCLUSIVE);
            assertThat(owners(other)).containsExactly(memory.device(device).id());
            assertThat(kinds(device)).isEmpty();
            accessor.setLong(address, 2); // a moment ago this needed no fault
            assertThat(kinds(device)).containsExactly(InvalidationKind.CLEAR);
        }
    }

    private static List<InvalidationKind> kinds(SoftwareDevice device) {
        List<InvalidationKind> kinds = new ArrayList<>();
        for (DeviceEvent event : device.events()) {
            if (event.type() == DeviceEvent.Type.INVALIDATE_START && event.kind() != null) {
                kinds.add(event.kind());
            }
        }
        return kinds;
    }

    private static List<Integer> owners(SoftwareDevice device) {
        return device.events().stream().filter(event -> event.type() == DeviceEvent.Type.INVALIDATE_START)
                .map(DeviceEvent::owner).toList();
    }

    @Test
    @DisplayName("B38: between fault-in and conversion the page changes under makeExclusive")
    void noIncrementIsLostAndNoForkSeesOneWhenAllMeetOnAPage() throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space)) {
            long address = space.map(PAGE);
            AtomicLong added = new AtomicLong();
            race(running -> {
                while (running.getAsBoolean()) {
                    device.atomicAdd(attached.mirror(), address, 1);
                    added.incrementAndGet();
                }
            }, running -> {
                try (Accessor accessor = space.accessor()) {
                    while (running.getAsBoolean()) {
                        accessor.getAndAddLong(address, 1);
                        added.incrementAndGet();
                    }
                }
            }, running -> {
                while (running.getAsBoolean()) {
                    try (AddressSpace child = space.fork()) {
                        long seen = child.getLong(address);
                        Thread.yield();
                        assertThat(child.getLong(address)).isEqualTo(seen);
                        child.setLong(address, -1);
                    }
                    space.protect(address, PAGE, Protection.READ_WRITE);
                }
            });
            assertThat(space.getLong(address)).isEqualTo(added.get());
        }
    }

    @Test
    @DisplayName("B39: a fork that meets a busy exclusive page fails for want of memory")
    void aForkWaitsForTheDeviceThatIsInTheMiddleOfAnAccess() throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space)) {
            long address = mapNumbered(space, 2);
            attached.makeExclusive(address, PAGE);
            device.faults().holdAccesses(true);
            AtomicLong child = new AtomicLong();
            Threads.race(Duration.ZERO, running -> device.atomicAdd(attached.mirror(), address, 41), running -> {
                while (!device.isAccessing()) {
                    Thread.onSpinWait();
                }
                try (AddressSpace fork = space.fork()) {
                    child.set(fork.getLong(address));
                }
            }, running -> {
                Thread.sleep(20);
                device.faults().holdAccesses(false);
            });
            assertThat(child.get()).as("the word in the fork, after the whole access").isEqualTo(42);
            assertThat(space.getLong(address)).isEqualTo(42);
        }
    }

    @Test
    @DisplayName("B40: exclusive access does not exclude pins that were there before")
    void aPinAndExclusiveAccessExcludeEachOther() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space)) {
            long address = mapNumbered(space, 1);
            try (Pin _ = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> attached.makeExclusive(address, PAGE)).withMessageContaining("close the pin");
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> device.atomicAdd(attached.mirror(), address, 1));
            }
            attached.makeExclusive(address, PAGE);
            try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThat(attached.exclusivePages()).isZero();
                assertThat(device.table(attached.mirror())).isEmpty();
                assertThat(word(pin)).isEqualTo(1);
            }
        }
    }

    @Test
    @DisplayName("B43: a listener refuses to wait, and the end is called without a start")
    void anEvictionThatADeviceRefusesIsGivenUpAndTriedAgainLater() {
        SoftwareDevice device = coherent(4);
        SoftwareDevice other = other(4);
        try (TieredManager memory = new TieredManager(builder -> builder.watermarks(50, 100), device, other);
                AddressSpace space = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(space);
                Attachment foreign = memory.device(other).attach(space)) {
            long address = mapNumbered(space, 4);
            space.migrate(address, 4 * PAGE, memory.pool(device));
            device.sum(attached.mirror(), address, 4 * PAGE);
            other.sum(foreign.mirror(), address, 4 * PAGE);
            for (SoftwareDevice refusing : List.of(device, other)) {
                refusing.faults().refuseNonBlocking(true);
                PageState before = space.pageState(address);
                memory.manager().maintain();
                assertThat(refusing.counters().refusedInvalidations()).isPositive();
                assertThat(space.pageState(address)).isEqualTo(before);
                assertThat(memory.pool(device).freeBytes()).isZero();
                memory.checkBalance();
                assertThat(device.sum(attached.mirror(), address, 4 * PAGE).value()).isEqualTo(10);
                refusing.faults().refuseNonBlocking(false);
            }
            memory.manager().maintain();
            assertThat(memory.pool(device).freeBytes()).isPositive();
            expectNumbered(space, address, 4);
        }
    }

    @Test
    @DisplayName("B44: a device installs what was looked up before an invalidation")
    void deviceTableAgreesWithTheSpace(SplittableRandom random) throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        SoftwareDevice hidden = privateMemory(PAGES);
        try (TieredManager memory = new TieredManager(device, hidden);
                AddressSpace space = memory.manager().newAddressSpace();
                Attachment first = memory.device(device).attach(space);
                Attachment second = memory.device(hidden).attach(space)) {
            long address = mapNumbered(space, PAGES);
            AtomicLong told = new AtomicLong();
            SplittableRandom own = random.split();
            race(running -> {
                try (Accessor accessor = space.accessor()) {
                    for (long value = 1; running.getAsBoolean(); value++) {
                        accessor.setLong(address, value);
                        told.set(value);
                    }
                }
            }, running -> readGrowing(device, first, address, told, running),
                    running -> readGrowing(hidden, second, address, told, running), running -> {
                        while (running.getAsBoolean()) {
                            disturb(memory, space, address, own);
                        }
                    });
            space.protect(address, PAGES * PAGE, Protection.READ_WRITE);
            memory.checkTable(device, first, space);
            memory.checkTable(hidden, second, space);
        }
    }

    /** Changes all pages but the first from time to time; the first page is only moved and copied. */
    private static void disturb(TieredManager memory, AddressSpace space, long address, SplittableRandom random) {
        long page = address + random.nextInt(1, PAGES) * PAGE;
        switch (random.nextInt(6)) {
            case 0 -> {
                space.protect(page, PAGE, Protection.READ_WRITE);
                space.discard(page, PAGE);
            }
            case 1 -> space.protect(page, PAGE, Protection.READ_ONLY);
            case 2 -> space.protect(page, PAGE, Protection.READ_WRITE);
            case 3 -> space.fork().close();
            default -> space.migrate(address, PAGES * PAGE,
                    memory.manager().pools().get(random.nextInt(memory.manager().pools().size())));
        }
        if (random.nextInt(3) == 0) {
            space.protect(address, PAGES * PAGE, Protection.READ_WRITE);
        }
    }

    private static void readGrowing(SoftwareDevice device, Attachment attached, long address, AtomicLong told,
            BooleanSupplier running) {
        long[] word = new long[1];
        while (running.getAsBoolean()) {
            long atLeast = told.get();
            device.read(attached.mirror(), address, MemorySegment.ofArray(word));
            assertThat(word[0]).isGreaterThanOrEqualTo(atLeast);
            try {
                device.fill(attached.mirror(), address + PAGE, PAGE, (byte) 7);
                device.sum(attached.mirror(), address + 2 * PAGE, (PAGES - 2) * PAGE);
            } catch (ProtectionException | AddressNotMappedException refused) {
                Thread.onSpinWait();
            }
        }
    }

    @Test
    @DisplayName("B45: success although the space has gone makes the device loop for ever")
    void aDeviceInASpaceThatIsClosedGetsAnErrorAtOnce() throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device)) {
            AddressSpace space = memory.manager().newAddressSpace();
            Attachment attached = memory.device(device).attach(space);
            long address = mapNumbered(space, PAGES);
            device.faults().delay(FaultInjection.Phase.ACCESS, Duration.ofNanos(50_000));
            CountDownLatch sums = new CountDownLatch(3);
            Threads.race(NOT_STUCK, running -> {
                while (running.getAsBoolean()) {
                    try {
                        device.sum(attached.mirror(), address, PAGES * PAGE);
                        sums.countDown();
                    } catch (ClosedException | IllegalArgumentException gone) {
                        return; // the device knows the mirror no more, or the mirror the space
                    }
                }
                throw new AssertionError("the device loops for ever");
            }, running -> {
                sums.await();
                space.close();
            });
            assertThatExceptionOfType(ClosedException.class)
                    .isThrownBy(() -> attached.mirror().fault(address, 1, DeviceAccess.READ));
        }
    }

    @Test
    @DisplayName("B46: a child that inherits the parent's mirror changes the parent")
    void aForkStartsWithoutADeviceAndIsNotReachedByThatOfItsParent() {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace parent = memory.manager().newAddressSpace();
                Attachment ofParent = memory.device(device).attach(parent)) {
            long address = mapNumbered(parent, 2);
            device.fill(ofParent.mirror(), address, PAGE, (byte) 0);
            try (AddressSpace child = parent.fork()) {
                assertThat(device.write(ofParent.mirror(), address, words(9)).faultRounds()).isPositive();
                assertThat(child.getLong(address)).isZero();
                assertThat(parent.getLong(address)).isEqualTo(9);
                try (Attachment ofChild = memory.device(device).attach(child)) {
                    assertThat(device.table(ofChild.mirror())).isEmpty();
                    device.write(ofChild.mirror(), address, words(8));
                }
                assertThat(child.getLong(address)).isEqualTo(8);
                assertThat(parent.getLong(address)).isEqualTo(9);
            }
        }
    }

    @Test
    @DisplayName("B47: the test of exclusive pages and fork looks at one side only")
    void bothSidesOfAForkOfExclusivePagesKeepTheirContent() throws InterruptedException {
        SoftwareDevice device = coherent(PAGES);
        try (TieredManager memory = new TieredManager(device); AddressSpace parent = memory.manager().newAddressSpace();
                Attachment attached = memory.device(device).attach(parent)) {
            long address = mapNumbered(parent, PAGES);
            attached.makeExclusive(address, PAGES * PAGE);
            try (AddressSpace child = parent.fork()) {
                assertThat(parent.pageState(address).place()).isEqualTo(Place.HOST);
                Threads.race(Duration.ZERO, running -> incrementAll(parent, address),
                        running -> incrementAll(child, address));
            }
        }
    }

    /** Increments each word of the pages. */
    private static void incrementAll(AddressSpace space, long address) {
        for (int i = 0; i < PAGES; i++) {
            assertThat(space.getAndAddLong(address + i * PAGE, 1)).isEqualTo(i + 1L);
            assertThat(space.getLong(address + i * PAGE)).isEqualTo(i + 2L);
        }
    }
}
