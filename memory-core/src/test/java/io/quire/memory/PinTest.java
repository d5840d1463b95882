package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pins of a space, and the segments that show their memory. */
class PinTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 8;
    private static final long LIMIT = 4 * PAGE;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).deviceCoherentPool("tier", 1 << 18)
            .longTermPinLimit(LIMIT).backgroundAgent(false).leakTracking(true));

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("pinned");
        address = space.map(PAGES * PAGE);
        for (int i = 0; i < PAGES; i++) {
            space.setLong(address + i * PAGE, i + 1L);
        }
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isZero();
        if (!space.isClosed()) {
            space.close();
        }
    }

    private Pin pin(long from, long sizeBytes) {
        return space.pin(from, sizeBytes, PinTerm.SHORT, PinAccess.WRITE);
    }

    private static long first(Pin pin) {
        return pin.segments().getFirst().get(LONG, 0);
    }

    @Test
    void pinAndSpaceSeeEachOthersWrites() {
        try (Pin pin = pin(address, PAGE); Accessor accessor = space.accessor()) {
            assertThat(first(pin)).isEqualTo(1);
            space.setLong(address, 2);
            assertThat(first(pin)).isEqualTo(2);
            accessor.setLong(address, 3);
            assertThat(first(pin)).isEqualTo(3);
            pin.segments().getFirst().set(LONG, 0, 4);
            assertThat(space.getLong(address)).isEqualTo(4);
            assertThat(accessor.getLong(address)).isEqualTo(4);
        }
    }

    @Test
    void segmentsEndWithThePin() {
        Pin pin = pin(address, PAGES * PAGE);
        List<MemorySegment> segments = pin.segments();
        pin.close();
        for (MemorySegment segment : segments) {
            assertThatIllegalStateException().isThrownBy(() -> segment.get(LONG, 0));
            assertThatIllegalStateException().isThrownBy(() -> segment.set(LONG, 0, 1));
        }
        assertThatExceptionOfType(ClosedException.class).isThrownBy(pin::segments).withMessageContaining("pinned");
    }

    @Test
    void segmentsCoverTheRangeToTheByteAndAreMadeOnce() {
        for (long skip : new long[] {0, 1, 8, PAGE - 1}) {
            for (long size : new long[] {1, 8, PAGE, PAGE + 1, 3 * PAGE}) {
                try (Pin pin = pin(address + skip, size)) {
                    assertThat(pin.segments().stream().mapToLong(MemorySegment::byteSize).sum()).isEqualTo(size);
                    assertThat(pin.segments()).isSameAs(pin.segments());
                    assertThat(pin.address()).isEqualTo(address + skip);
                    assertThat(pin.sizeBytes()).isEqualTo(size);
                    pin.segments().getFirst().set(ValueLayout.JAVA_BYTE, 0, (byte) 99);
                    assertThat(space.getByte(address + skip)).isEqualTo((byte) 99);
                }
            }
        }
    }

    @Test
    void onlyFramesSideBySideShareASegment() {
        long fresh = space.map(PAGES * PAGE);
        space.fill(fresh, PAGES * PAGE, (byte) 1);
        try (Pin whole = pin(fresh, PAGES * PAGE)) {
            List<Long> starts = new ArrayList<>();
            for (int i = 0; i < PAGES; i++) {
                try (Pin page = pin(fresh + i * PAGE, PAGE)) {
                    starts.add(page.segments().getFirst().address());
                }
            }
            int runs = 1;
            for (int i = 1; i < PAGES; i++) {
                runs += starts.get(i) == starts.get(i - 1) + PAGE ? 0 : 1;
            }
            assertThat(whole.segments()).hasSize(runs);
        }
        assertThat(space.migrate(fresh + PAGE, PAGE, leaks.manager().pool("tier")).moved()).isOne();
        try (Pin torn = pin(fresh, 3 * PAGE)) {
            assertThat(torn.segments()).hasSize(3);
        }
    }

    @Test
    void pinThatReadsIsReadOnlyAndFollowsTheSpace() {
        try (AddressSpace fork = space.fork();
                Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
            assertThat(pin.segments().getFirst().isReadOnly()).isTrue();
            fork.setLong(address, 7);
            assertThat(first(pin)).isEqualTo(1);
            space.setLong(address, 8);
            assertThat(first(pin)).isEqualTo(8);
            assertThat(fork.getLong(address)).isEqualTo(7);
        }
    }

    @Test
    void forkGetsACopyAndThePinStaysWithTheParent() {
        try (Pin pin = pin(address, 2 * PAGE); AddressSpace fork = space.fork();
                AddressSpace snapshot = space.snapshot(); AddressSpace grandchild = fork.fork()) {
            pin.segments().getFirst().set(LONG, 0, 9);
            space.setLong(address + PAGE, 10);
            assertThat(space.getLong(address)).isEqualTo(9);
            assertThat(pin.segments().getLast().get(LONG, pin.segments().getLast().byteSize() - PAGE)).isEqualTo(10);
            for (AddressSpace copy : List.of(fork, snapshot, grandchild)) {
                assertThat(copy.getLong(address)).isEqualTo(1);
                assertThat(copy.getLong(address + PAGE)).isEqualTo(2);
                assertThat(copy.pageState(address).pinned()).isFalse();
            }
            fork.setLong(address, 11);
            assertThat(first(pin)).isEqualTo(9);
            assertThat(space.pageState(address).pinned()).isTrue();
        }
    }

    @Test
    void neverWrittenPageGetsAFrameThatBothSee() {
        long empty = space.map(2 * PAGE);
        for (PinAccess access : PinAccess.values()) {
            long page = empty + access.ordinal() * PAGE;
            try (Pin pin = space.pin(page, PAGE, PinTerm.SHORT, access)) {
                assertThat(first(pin)).isZero();
                space.setLong(page, 5);
                assertThat(first(pin)).isEqualTo(5);
            }
        }
    }

    @Test
    void pinOfASnapshotShowsItsMomentAndIsReadOnly() {
        try (AddressSpace snapshot = space.snapshot();
                Pin pin = snapshot.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
            space.setLong(address, 6);
            assertThat(first(pin)).isEqualTo(1);
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> snapshot.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE));
            assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> snapshot.setLong(address, 1));
            try (AddressSpace fork = snapshot.fork()) {
                fork.setLong(address, 7);
                assertThat(first(pin)).isEqualTo(1);
                assertThat(snapshot.getLong(address)).isEqualTo(1);
            }
        }
    }

    @Test
    void framesOutliveUnmapDiscardAndCloseUntilTheLastPinIsClosed() {
        long free = leaks.manager().hostPool().freeBytes();
        try (Pin first = pin(address, PAGE); Pin second = pin(address, 2 * PAGE);
                Pin third = pin(address + PAGE, PAGE)) {
            space.unmap(address, PAGE);
            space.discard(address + PAGE, PAGE);
            assertThat(space.getLong(address + PAGE)).isZero();
            space.setLong(address + PAGE, 77);
            assertThat(first(third)).as("the frame that the address had before").isEqualTo(2);
            space.close();
            while (leaks.manager().reclaim(100) > 0) {
                // until all is destroyed
            }
            assertThat(leaks.manager().openPins()).hasSize(3).extracting(OpenPin::space).containsOnly("pinned");
            assertThatExceptionOfType(PagesBusyException.class).isThrownBy(() -> leaks.manager().close())
                    .withMessageContainingAll("pins are still open", "count=3", "PinTest");
            first.segments().getFirst().set(LONG, 0, 5);
            assertThat(first(second)).isEqualTo(5);
        }
        assertThat(leaks.manager().hostPool().freeBytes()).isEqualTo(free + PAGES * PAGE);
    }

    @Test
    void openPinsTellWhichThreadHoldsWhat() {
        try (Pin pin = space.pin(address + 5, PAGE, PinTerm.LONG, PinAccess.READ)) {
            assertThat(leaks.manager().openPins()).singleElement().satisfies(open -> {
                assertThat(open.space()).isEqualTo("pinned");
                assertThat(open.address()).isEqualTo(address);
                assertThat(open.sizeBytes()).isEqualTo(2 * PAGE);
                assertThat(open.term()).isEqualTo(pin.term());
                assertThat(open.access()).isEqualTo(pin.access());
                assertThat(open.thread()).isEqualTo(Thread.currentThread().getName());
                assertThat(open.isClosed()).isFalse();
                assertThat(open.age()).isPositive();
                assertThat(open.stack().getFirst().getMethodName()).contains("openPinsTellWhichThreadHoldsWhat");
            });
        }
    }

    @Test
    void secondCloseReleasesNothing() {
        Pin pin = space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE);
        try (Pin other = space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
            pin.close();
            pin.close();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> pin.state(address));
            assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isEqualTo(PAGE);
            assertThat(leaks.manager().openPins()).hasSize(1);
            assertThat(other.state(address).pinned()).isTrue();
        }
    }

    @Test
    void pinOfASpaceIsForEveryThread() throws InterruptedException {
        Pin pin = pin(address, PAGE);
        assertThat(first(pin)).isEqualTo(1);
        Threads.elsewhere(() -> {
            pin.segments().getFirst().set(LONG, 0, 3);
            pin.close();
        });
        assertThat(space.getLong(address)).isEqualTo(3);
    }

    @Test
    void segmentsAreShownOrRefusedWhileAnotherThreadClosesThePin() throws InterruptedException {
        AtomicReference<Pin> shared = new AtomicReference<>();
        Threads.race(Duration.ofSeconds(1), running -> {
            while (running.getAsBoolean()) {
                Pin pin = pin(address, PAGE);
                shared.set(pin);
                List<MemorySegment> shown = List.of();
                try {
                    shown = pin.segments();
                } catch (ClosedException faster) {
                    assertThat(pin.toString()).contains("closed");
                }
                if (shared.compareAndSet(pin, null)) {
                    pin.close();
                } else {
                    assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> untilClosed(pin));
                }
                assertThat(shown).noneMatch(segment -> segment.scope().isAlive());
            }
        }, running -> {
            while (running.getAsBoolean()) {
                Pin pin = shared.getAndSet(null);
                if (pin != null) {
                    pin.close();
                    assertThatExceptionOfType(ClosedException.class).isThrownBy(pin::segments);
                }
            }
        });
    }

    private static void untilClosed(Pin pin) {
        while (true) {
            pin.segments();
        }
    }

    @Test
    void pinOfAnAccessorIsForItsThreadAloneEvenWithoutSegments() throws InterruptedException {
        for (boolean isUsed : new boolean[] {true, false}) {
            try (Accessor accessor = space.accessor();
                    Pin pin = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                if (isUsed) {
                    assertThat(first(pin)).isEqualTo(1);
                }
                Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class).isThrownBy(pin::close));
                Threads.elsewhere(
                        () -> assertThatExceptionOfType(WrongThreadException.class).isThrownBy(() -> first(pin)));
                assertThat(pin.state(address).pinned()).isTrue();
                assertThat(first(pin)).isEqualTo(1);
            }
        }
    }

    @Test
    void limitOfLongTermPinsIsExactAndOneByteMoreIsRefusedWithoutATrace() {
        try (Pin all = space.pin(address, LIMIT, PinTerm.LONG, PinAccess.WRITE)) {
            assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isEqualTo(LIMIT);
            assertThatExceptionOfType(PinLimitException.class)
                    .isThrownBy(() -> space.pin(address, 1, PinTerm.LONG, PinAccess.READ))
                    .withMessageContainingAll("space=pinned", "pinned=" + LIMIT, "limit=" + LIMIT);
            assertThat(leaks.manager().openPins()).hasSize(1);
            assertThat(all.term()).isEqualTo(PinTerm.LONG);
        }
        assertThatExceptionOfType(PinLimitException.class)
                .isThrownBy(() -> space.pin(address, LIMIT + 1, PinTerm.LONG, PinAccess.WRITE));
        assertThatExceptionOfType(PinLimitException.class).as("the limit counts whole pages")
                .isThrownBy(() -> space.pin(address + 1, LIMIT, PinTerm.LONG, PinAccess.WRITE));
        try (Pin shortTerm = pin(address, PAGES * PAGE)) {
            assertThat(shortTerm.segments()).isNotEmpty();
            assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isZero();
        }
    }

    @Test
    void refusedPinGivesTheLimitBack() {
        space.protect(address + PAGE, PAGE, Protection.NONE);
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> space.pin(address, LIMIT, PinTerm.LONG, PinAccess.READ));
        assertThat(space.pageState(address).pinned()).isFalse();
        space.protect(address + PAGE, PAGE, Protection.READ_ONLY);
        assertThatExceptionOfType(ProtectionException.class)
                .isThrownBy(() -> space.pin(address, LIMIT, PinTerm.LONG, PinAccess.WRITE));
        try (Pin pin = space.pin(address, LIMIT, PinTerm.LONG, PinAccess.READ)) {
            assertThat(pin.access()).isEqualTo(PinAccess.READ);
        }
    }

    @Test
    void pageHasAsManyPinsAsItsFrameCanCountAndTheNextIsRefused() {
        List<Pin> pins = new ArrayList<>();
        try {
            int most = (1 << 16) - 1;
            for (int i = 0; i < most; i++) {
                pins.add(pin(address + PAGE, PAGE));
            }
            assertThatExceptionOfType(PinLimitException.class).isThrownBy(() -> pin(address, 2 * PAGE))
                    .withMessageContainingAll("space=pinned", "address=0x" + Long.toHexString(address + PAGE));
            assertThat(space.pageState(address).pinned()).as("the page before it").isFalse();
            pins.removeLast().close();
            pins.add(pin(address, 2 * PAGE));
        } finally {
            pins.reversed().forEach(Pin::close);
        }
        assertThat(space.pageState(address + PAGE).pinned()).isFalse();
    }

    @Test
    void coherentPagesStayForAShortTermAndLeaveForALongOneWhereThePolicySaysSo() {
        MemoryPool tier = leaks.manager().pool("tier");
        space.migrate(address, PAGES * PAGE, tier);
        assertThatExceptionOfType(LongTermPinException.class)
                .isThrownBy(() -> space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE));
        assertThat(leaks.manager().statistics().tier().longTermPinsRefused()).isOne();
        try (Pin pin = pin(address, PAGE)) {
            assertThat(pin.state(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
            assertThat(first(pin)).isEqualTo(1);
            assertThat(leaks.manager().evict(tier, PAGES).moved()).isEqualTo(PAGES - 1);
            assertThat(space.pageState(address).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
        }
        try (MemoryManager moving = MemoryManager.builder().hostPool(1 << 20).deviceCoherentPool("tier", 1 << 16)
                .longTermPolicy(LongTermPolicy.MIGRATE).build(); AddressSpace other = moving.newAddressSpace()) {
            long there = other.map(PAGE);
            other.setLong(there, 3);
            other.migrate(there, PAGE, moving.pool("tier"));
            try (Pin pin = other.pin(there, PAGE, PinTerm.LONG, PinAccess.WRITE)) {
                assertThat(pin.state(there).place()).isEqualTo(PageState.Place.HOST);
                assertThat(first(pin)).isEqualTo(3);
                assertThat(other.migrate(there, PAGE, moving.pool("tier")).outcome(there))
                        .isEqualTo(PageOutcome.PINNED);
            }
        }
    }

    @Test
    void stateOutsideOfThePinIsRefused() {
        try (Pin pin = pin(address + 10, 20)) {
            assertThat(pin.state(address + 29).place()).isEqualTo(PageState.Place.HOST);
            for (long outside : new long[] {address + 9, address + 30, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
                assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> pin.state(outside));
            }
        }
    }
}
