package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Short pins that an accessor takes in its own places, without the lock. They do what all other pins do, only faster.
 */
class AccessorPinTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 16;
    private static final int PLACES = 8;
    private static final int HOLDS_MAX = 65_535;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(16);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(16);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("near", near)
            // No leak tracking: with it every pin takes the lock.
            .device("far", far).watermarks(0, 0).backgroundAgent(false));

    private AddressSpace space;
    private Accessor accessor;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("pinned");
        address = space.map(PAGES * PAGE);
        accessor = space.accessor();
        for (int i = 0; i < PAGES; i++) {
            accessor.setLong(page(i), i);
        }
        pin(0).close(); // the first pin creates the places
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        accessor.close();
        if (!space.isClosed()) {
            space.close();
        }
    }

    private long page(int index) {
        return address + index * PAGE;
    }

    private Pin pin(int index) {
        return accessor.pin(page(index), PAGE, PinTerm.SHORT, PinAccess.WRITE);
    }

    private static long first(Pin pin) {
        return pin.segments().getFirst().get(LONG, 0);
    }

    @Test
    void pinIsTakenAndClosedWhileAnotherThreadHasTheLock() throws InterruptedException {
        DeviceMirror mirror = leaks.manager().device("near").attach(space).mirror();
        near.store(mirror, page(1), 1);
        CountDownLatch locked = new CountDownLatch(1);
        near.on(RecordingDriver.Call.START, 1, () -> {
            locked.countDown();
            return near.hanging();
        });
        Thread discarding = Thread.ofPlatform().start(() -> space.discard(page(1), PAGE));
        locked.await();
        try (Pin pin = pin(0)) {
            assertThat(first(pin)).isZero();
        }
        assertThat(discarding.isAlive()).as("still has the lock").isTrue();
        near.release();
        discarding.join();
    }

    @Test
    void closedPinSaysNothingAboutTheNextPinInItsPlace() {
        Pin first = accessor.pin(page(0), PAGE, PinTerm.SHORT, PinAccess.READ);
        first.close();
        try (Pin second = pin(1)) {
            first.close();
            assertThatExceptionOfType(ClosedException.class).isThrownBy(first::segments);
            assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> first.state(page(0)));
            assertThat(first.access()).isEqualTo(PinAccess.READ);
            assertThat(first.toString()).contains("closed", "READ", Long.toHexString(page(0)));
            assertThat(second.state(page(1)).address()).isEqualTo(page(1));
            assertThat(leaks.manager().openPins()).singleElement().asString()
                    .contains(Long.toHexString(page(1)), "WRITE", Thread.currentThread().getName());
        }
    }

    @Test
    void anyNumberOfPinsIsOpenAtOnceAndClosedInAnyOrder() {
        for (int open : new int[] {1, PLACES - 1, PLACES, PLACES + 1, PAGES}) {
            List<Pin> pins = new ArrayList<>();
            for (int i = 0; i < open; i++) {
                pins.add(pin(i));
            }
            assertThat(leaks.manager().openPins()).hasSize(open);
            assertThat(leaks.manager().statistics().tier().openPins()).isEqualTo(open);
            for (int i = 0; i < open; i += 2) {
                pins.get(i).close();
            }
            for (int i = 0; i < open; i++) {
                assertThat(space.pageState(page(i)).pinned()).as("page %d", i).isEqualTo(i % 2 != 0);
            }
            for (int i = 0; i < open; i += 2) {
                pins.set(i, pin(i)); // takes a place that has become free
            }
            for (int i = 0; i < open; i++) {
                assertThat(first(pins.get(i))).isEqualTo(i);
            }
            pins.reversed().forEach(Pin::close);
            assertThat(leaks.manager().openPins()).isEmpty();
        }
    }

    @Test
    void forkGetsACopyOfThePageAndTheParentKeepsTheFrame() {
        try (Pin pin = pin(0); AddressSpace child = space.fork(); AddressSpace snapshot = space.snapshot()) {
            pin.segments().getFirst().set(LONG, 0, 7);
            assertThat(space.getLong(page(0))).isEqualTo(7);
            assertThat(child.getLong(page(0))).isZero();
            assertThat(snapshot.getLong(page(0))).isZero();
            accessor.setLong(page(0), 8);
            assertThat(first(pin)).isEqualTo(8);
            try (Pin again = pin(0)) {
                assertThat(first(again)).isEqualTo(8);
            }
        }
    }

    @Test
    void pageOfAForkIsCopiedBeforeItIsPinned() {
        try (AddressSpace child = space.fork(); Pin pin = pin(0)) {
            pin.segments().getFirst().set(LONG, 0, 7);
            assertThat(space.getLong(page(0))).isEqualTo(7);
            assertThat(child.getLong(page(0))).isZero();
        }
    }

    @Test
    void pinnedPageDoesNotMoveAndTheReportSaysThatItIsPinned() {
        MemoryPool tier = leaks.manager().pool("near");
        try (Pin pin = pin(0)) {
            MigrationReport result = space.migrate(page(0), 2 * PAGE, tier);
            assertThat(result.outcome(page(0))).isEqualTo(PageOutcome.PINNED);
            assertThat(result.outcome(page(1))).isEqualTo(PageOutcome.MOVED);
            pin.segments().getFirst().set(LONG, 0, 5);
        }
        assertThat(space.migrate(page(0), PAGE, tier).outcome(page(0))).isEqualTo(PageOutcome.MOVED);
        try (Pin pin = pin(0); Pin second = pin(0)) {
            assertThat(first(pin)).isEqualTo(first(second)).isEqualTo(5);
            assertThat(pin.state(page(0)).place()).isEqualTo(PageState.Place.DEVICE_COHERENT);
            assertThat(leaks.manager().openPins()).hasSize(2);
        }
    }

    @Test
    void migrationThatHasJustBegunSeesThePinAlthoughItIsClosedBeforeTheCommit() throws InterruptedException {
        CountDownLatch chosen = new CountDownLatch(1);
        CountDownLatch pinned = new CountDownLatch(1);
        far.on(RecordingDriver.Call.FRAME_ALLOCATED, 1, () -> letGoOn(chosen, pinned));
        CountDownLatch copied = new CountDownLatch(1);
        CountDownLatch closed = new CountDownLatch(1);
        far.on(RecordingDriver.Call.COPY_TO_DEVICE, 2, () -> letGoOn(copied, closed));
        MigrationReport[] report = new MigrationReport[1];
        Thread mover = Thread.ofPlatform().start(() -> {
            report[0] = space.migrate(page(0), 2 * PAGE, leaks.manager().pool("far"));
            copied.countDown(); // in case the driver was called only once
        });
        chosen.await();
        try (Pin pin = pin(0)) {
            pinned.countDown();
            copied.await();
            pin.segments().getFirst().set(LONG, 0, 7);
        }
        closed.countDown();
        mover.join();
        assertThat(report[0].outcome(page(0))).isEqualTo(PageOutcome.PINNED);
        assertThat(report[0].outcome(page(1))).isEqualTo(PageOutcome.MOVED);
        assertThat(space.getLong(page(0))).isEqualTo(7);
    }

    private static boolean letGoOn(CountDownLatch reached, CountDownLatch done) {
        reached.countDown();
        try {
            return done.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    @Test
    void pageCannotBeExclusiveToADevice() {
        Attachment attachment = leaks.manager().device("near").attach(space);
        try (Pin _ = pin(0)) {
            assertThatExceptionOfType(PagesBusyException.class)
                    .isThrownBy(() -> attachment.makeExclusive(page(0), PAGE))
                    .withMessageContainingAll("taken by thread " + Thread.currentThread().getName());
        }
        attachment.makeExclusive(page(0), PAGE);
        try (Pin _ = pin(0)) {
            assertThat(space.pageState(page(0)).place()).isEqualTo(PageState.Place.HOST);
        }
    }

    @Test
    void pinOutlivesItsAccessor() {
        Pin[] pins = {pin(0), pin(1)};
        accessor.close();
        assertThat(leaks.manager().openPins()).hasSize(2);
        try (AddressSpace child = space.fork()) {
            pins[0].segments().getFirst().set(LONG, 0, 7);
            assertThat(space.getLong(page(0))).isEqualTo(7);
            assertThat(child.getLong(page(0))).isZero();
        }
        pins[0].close();
        assertThat(leaks.manager().openPins()).singleElement().asString().contains(Long.toHexString(page(1)));
        pins[1].close();
        pins[1].close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> pin(0));
        assertThat(space.pageState(page(0)).pinned()).isFalse();
    }

    @Test
    void pinOutlivesItsSpace() {
        for (boolean accessorFirst : new boolean[] {true, false}) {
            AddressSpace brief = leaks.manager().newAddressSpace("brief");
            long start = brief.map(PAGE);
            Accessor its = brief.accessor();
            its.setLong(start, 4);
            its.pin(start, PAGE, PinTerm.SHORT, PinAccess.WRITE).close();
            Pin pin = its.pin(start, 8, PinTerm.SHORT, PinAccess.WRITE);
            if (accessorFirst) {
                its.close();
            }
            brief.close();
            its.close();
            assertThat(first(pin)).isEqualTo(4);
            assertThat(leaks.manager().openPins()).singleElement().asString().contains("brief");
            assertThat(leaks.manager().statistics().tier().openPins()).isOne();
            assertThatExceptionOfType(PagesBusyException.class).isThrownBy(() -> leaks.manager().close())
                    .withMessageContainingAll("count=1", "brief");
            pin.close();
            assertThat(leaks.manager().openPins()).isEmpty();
        }
    }

    @Test
    void frameOutlivesUnmapAndDiscard() {
        long free = leaks.manager().hostPool().freeBytes();
        try (Pin first = pin(0); Pin second = pin(1)) {
            space.unmap(page(0), PAGE);
            space.discard(page(1), PAGE);
            space.setLong(page(1), 77);
            assertThat(first(first)).isZero();
            assertThat(first(second)).isOne();
            assertThat(leaks.manager().hostPool().freeBytes()).isEqualTo(free - PAGE);
            assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> pin(0));
        }
        assertThat(leaks.manager().hostPool().freeBytes()).isEqualTo(free + PAGE);
    }

    @Test
    void pageThatMayNotBeWrittenIsPinnedForReadingOnly() {
        space.protect(page(0), PAGE, Protection.READ_ONLY);
        try (AddressSpace snapshot = space.snapshot(); Accessor reader = snapshot.accessor()) {
            for (int i = 0; i < 3; i++) {
                try (Pin pin = accessor.pin(page(0), PAGE, PinTerm.SHORT, PinAccess.READ);
                        Pin other = reader.pin(page(1), PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    assertThat(first(pin)).isZero();
                    assertThat(first(other)).isOne();
                    assertThat(other.segments().getFirst().isReadOnly()).isTrue();
                }
                assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> pin(0));
                assertThatExceptionOfType(ProtectionException.class)
                        .isThrownBy(() -> reader.pin(page(1), PAGE, PinTerm.SHORT, PinAccess.WRITE));
            }
        }
    }

    @Test
    void invalidRangesAreRefusedAndRangesOfTwoPagesArePinned() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            assertThatIllegalArgumentException().as("size %d", size)
                    .isThrownBy(() -> accessor.pin(page(0), size, PinTerm.SHORT, PinAccess.WRITE));
        }
        for (long wild : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, address - 1, address + PAGES * PAGE}) {
            assertThatExceptionOfType(AddressNotMappedException.class).as("address %x", wild)
                    .isThrownBy(() -> accessor.pin(wild, 1, PinTerm.SHORT, PinAccess.WRITE));
        }
        try (Pin last = accessor.pin(page(1) - 1, 1, PinTerm.SHORT, PinAccess.WRITE);
                Pin across = accessor.pin(page(1) - 1, 2, PinTerm.SHORT, PinAccess.WRITE);
                Pin longTerm = accessor.pin(page(2), PAGE, PinTerm.LONG, PinAccess.WRITE)) {
            assertThat(last.segments()).singleElement().extracting(s -> s.byteSize()).isEqualTo(1L);
            assertThat(across.segments().stream().mapToLong(s -> s.byteSize()).sum()).isEqualTo(2);
            assertThat(space.pageState(page(1)).pinned()).isTrue();
            assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isEqualTo(PAGE);
            assertThat(longTerm.sizeBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    void pinThatWouldOverflowTheCountOfHoldsIsRefusedAndBlocksNoThread() {
        List<Pin> pins = new ArrayList<>();
        for (int i = 0; i < HOLDS_MAX; i++) {
            pins.add(space.pin(page(0), PAGE, PinTerm.SHORT, PinAccess.WRITE));
        }
        assertThatExceptionOfType(PinLimitException.class).isThrownBy(() -> pin(0));
        pins.removeLast().close();
        pin(0).close();
        pins.forEach(Pin::close);
        assertThatCode(() -> Threads.elsewhere(() -> space.fork().close())).doesNotThrowAnyException();
    }

    @Test
    void otherThreadsCanNeitherPinNorClose() throws InterruptedException {
        try (Pin pin = pin(0)) {
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class).isThrownBy(pin::close));
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class).isThrownBy(() -> pin(0)));
            assertThat(pin.state(page(0)).pinned()).isTrue();
        }
    }
}
