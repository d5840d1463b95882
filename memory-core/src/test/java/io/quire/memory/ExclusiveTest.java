package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Pages that a device has for itself, until anybody else uses them. */
@Tag("portable")
class ExclusiveTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 4;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(16);

    @Order(2)
    @RegisterExtension
    final RecordingDriver.Private far = new RecordingDriver.Private(16);

    @Order(3)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).device("near", near)
            .device("far", far).watermarks(0, 0).backgroundAgent(false).leakTracking(true));

    private AddressSpace space;
    private long address;
    private Attachment nearby;
    private DeviceMirror mirror;
    private DeviceMirror other;

    @BeforeEach
    void attach() {
        space = leaks.manager().newAddressSpace("shared with devices");
        address = space.map(PAGES * PAGE);
        nearby = leaks.manager().device("near").attach(space);
        mirror = nearby.mirror();
        other = leaks.manager().device("far").attach(space).mirror();
        space.setLong(address, 1);
        space.setLong(address + PAGE, 2);
    }

    @AfterEach
    void close() {
        if (!space.isClosed()) {
            space.close();
        }
    }

    private PageState.Place place(long page) {
        return space.pageState(page).place();
    }

    @Test
    void exclusivePageStaysInItsFrameAndKeepsWhatTheDeviceWrote() {
        nearby.makeExclusive(address, 2 * PAGE);
        assertThat(nearby.exclusivePages()).isEqualTo(2);
        assertThat(place(address)).isEqualTo(PageState.Place.EXCLUSIVE);
        assertThat(space.pageState(address).writable()).isFalse();
        assertThat(near.hasTranslation(mirror, address)).as("the translation comes with the exclusive access").isTrue();
        assertThat(near.add(mirror, address, 10)).isEqualTo(1);
        assertThat(near.add(mirror, address, 10)).isEqualTo(11);
        assertThat(near.takeStarted()).as("a device is not told of its own change").isEmpty();
        assertThat(space.getLong(address)).isEqualTo(21);
        assertThat(near.takeKinds()).containsExactly(InvalidationKind.CLEAR);
        assertThat(place(address)).isEqualTo(PageState.Place.HOST);
        assertThat(nearby.exclusivePages()).isOne();
        assertThat(near.add(mirror, address + PAGE, 1)).isEqualTo(2);
    }

    @Test
    void everyOtherAccessEndsExclusiveAccessAfterTheDeviceWasTold() {
        List<Consumer<Accessor>> accesses = List.of(
                accessor -> assertThat(accessor.getLong(address)).isEqualTo(7),
                accessor -> accessor.setLong(address + 8, 1),
                _ -> assertThat(space.getLong(address)).isEqualTo(7),
                _ -> space.setLong(address + 8, 1),
                _ -> assertThat(space.compareAndSetLong(address, 7, 7)).isTrue(),
                _ -> space.fill(address + 8, 8, (byte) 0),
                _ -> assertThat(far.load(other, address)).isEqualTo(7),
                _ -> far.store(other, address + 8, 3),
                _ -> assertThat(far.add(other, address + 8, 3)).isNotNegative(),
                _ -> space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ).close(),
                _ -> space.pin(address, PAGE, PinTerm.LONG, PinAccess.WRITE).close());
        try (Accessor accessor = space.accessor()) {
            for (Consumer<Accessor> access : accesses) {
                assertThat(accessor.getLong(address + PAGE)).isEqualTo(2);
                nearby.makeExclusive(address, PAGE);
                near.add(mirror, address, 7 - near.add(mirror, address, 0));
                near.takeStarted();
                access.accept(accessor);
                assertThat(nearby.exclusivePages()).isZero();
                assertThat(near.hasTranslation(mirror, address)).isFalse();
                assertThat(near.takeKinds()).contains(InvalidationKind.CLEAR);
                assertThat(space.getLong(address)).isEqualTo(7);
            }
        }
    }

    @Test
    void forkEndsAllExclusiveAccessWithOneInvalidation() {
        nearby.makeExclusive(address, PAGES * PAGE);
        near.add(mirror, address, 1);
        try (AddressSpace fork = space.fork()) {
            assertThat(near.takeKinds()).containsExactly(InvalidationKind.PROTECTION_PAGE);
            assertThat(nearby.exclusivePages()).isZero();
            assertThat(fork.getLong(address)).isEqualTo(2);
            assertThat(near.add(mirror, address, 1)).isEqualTo(2);
            assertThat(fork.getLong(address)).isEqualTo(2);
            assertThat(place(address)).isEqualTo(PageState.Place.EXCLUSIVE);
            assertThat(space.getLong(address)).isEqualTo(3);
        }
    }

    @Test
    void sharedAndPrivateAndEmptyPagesBecomeTheSpacesOwnFirst() {
        try (AddressSpace fork = space.fork()) {
            space.migrate(address + PAGE, 2 * PAGE, leaks.manager().pool("far"));
            nearby.makeExclusive(address, PAGES * PAGE);
            for (int i = 0; i < PAGES; i++) {
                near.add(mirror, address + i * PAGE, 100);
            }
            assertThat(fork.getLong(address)).isEqualTo(1);
            assertThat(fork.getLong(address + PAGE)).isEqualTo(2);
            assertThat(space.getLong(address + PAGE)).isEqualTo(102);
            assertThat(space.getLong(address + 2 * PAGE)).isEqualTo(100);
            assertThat(fork.getLong(address + 2 * PAGE)).isZero();
        }
        ManagerCheck.awaitTold(leaks.manager());
        assertThat(far.usedFrames()).isZero();
    }

    @Test
    void pinnedPageIsRefusedAndThePagesBeforeItRemainExclusive() {
        try (Pin pin = space.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.READ)) {
            assertThatExceptionOfType(PagesBusyException.class)
                    .isThrownBy(() -> nearby.makeExclusive(address, 3 * PAGE))
                    .withMessageContainingAll("shared with devices", "0x" + Long.toHexString(address + PAGE), "pin of");
            assertThat(nearby.exclusivePages()).isOne();
            assertThat(place(address + PAGE)).isEqualTo(PageState.Place.HOST);
            assertThat(pin.state(address + PAGE).pinned()).isTrue();
        }
        nearby.makeExclusive(address, 3 * PAGE);
        assertThat(nearby.exclusivePages()).isEqualTo(3);
    }

    @Test
    void exclusivePageIsNotMigratedButEvictedAndUnmapped() {
        MemoryPool pool = leaks.manager().pool("near");
        space.migrate(address, PAGE, pool);
        nearby.makeExclusive(address, 2 * PAGE);
        assertThat(space.migrate(address, PAGE, leaks.manager().hostPool()).outcome(address))
                .isEqualTo(PageOutcome.EXCLUSIVE);
        assertThat(space.migrate(address + PAGE, PAGE, pool).outcome(address + PAGE)).isEqualTo(PageOutcome.EXCLUSIVE);
        assertThat(near.add(mirror, address, 5)).isEqualTo(1);
        near.takeStarted();
        assertThat(leaks.manager().evict(pool, 1).moved()).isOne();
        assertThat(near.takeKinds()).contains(InvalidationKind.CLEAR);
        assertThat(space.getLong(address)).isEqualTo(6);
        assertThat(nearby.exclusivePages()).isOne();
        space.unmap(address + PAGE, PAGE);
        assertThat(nearby.exclusivePages()).isZero();
        assertThat(near.hasTranslation(mirror, address + PAGE)).isFalse();
    }

    @Test
    void changedProtectionEndsOnlyTheAccessThatItForbids() {
        nearby.makeExclusive(address, 2 * PAGE);
        space.protect(address, PAGE, Protection.READ_ONLY);
        space.protect(address + PAGE, PAGE, Protection.NONE);
        assertThat(near.hasTranslation(mirror, address)).isFalse();
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> near.add(mirror, address, 1));
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> near.add(mirror, address + PAGE, 1));
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.getLong(address + PAGE));
        assertThat(space.getLong(address)).isEqualTo(1);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> space.setLong(address, 2));
        space.protect(address, 2 * PAGE, Protection.READ_WRITE);
        assertThat(space.getLong(address + PAGE)).isEqualTo(2);
        space.setLong(address, 2);
        assertThat(near.add(mirror, address, 1)).isEqualTo(2);
    }

    @Test
    void detachGivesThePagesBack() {
        nearby.makeExclusive(address, 2 * PAGE);
        near.add(mirror, address, 1);
        nearby.close();
        assertThat(place(address)).isEqualTo(PageState.Place.HOST);
        assertThat(space.getLong(address)).isEqualTo(2);
        space.setLong(address + PAGE, 3);
        assertThat(space.getLong(address + PAGE)).isEqualTo(3);
    }

    @Test
    void twoDevicesTakeAPageFromEachOther() {
        for (int i = 0; i < 5; i++) {
            assertThat(near.add(mirror, address, 1)).isEqualTo(1 + 2L * i);
            assertThat(far.add(other, address, 1)).isEqualTo(2 + 2L * i);
        }
        assertThat(space.getLong(address)).isEqualTo(11);
    }

    @Test
    void invalidRangesAreRefused() {
        for (long size : new long[] {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 28) + 1}) {
            assertThatIllegalArgumentException().isThrownBy(() -> nearby.makeExclusive(address, size));
        }
        for (long at : new long[] {address + 1, address - 1, -1}) {
            assertThatIllegalArgumentException().isThrownBy(() -> nearby.makeExclusive(at, PAGE));
        }
        for (long at : new long[] {0, address + PAGES * PAGE, 1L << 47, -PAGE}) {
            assertThatExceptionOfType(AddressNotMappedException.class)
                    .isThrownBy(() -> nearby.makeExclusive(at, PAGE));
        }
        assertThat(nearby.exclusivePages()).isZero();
        try (AddressSpace snapshot = space.snapshot();
                Attachment attachment = leaks.manager().device("near").attach(snapshot)) {
            assertThatExceptionOfType(ProtectionException.class)
                    .isThrownBy(() -> attachment.makeExclusive(address, PAGE));
        }
    }
}
