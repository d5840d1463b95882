package io.quire.memory.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.Pin;
import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinLimitException;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The kernel's gup_longterm suite. The place of a page decides if the page may be pinned for long, and both ways to pin
 * decide alike. A pin that is refused leaves nothing behind. The kernel refuses to pin files of some file systems; this
 * library refuses coherent memory, if the policy says so.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("settings")
class LongTermPinTest extends Rig {

    private static final int PAGES = 4;
    private static final int LIMIT_PAGES = 8;
    private static final MemorySegment OLD = counting(PAGES, 0);
    private static final MemorySegment NEW = constant(PAGES, 0xff);

    /** A kind of device, and the policy for long-term pins of its memory. */
    record Setting(DeviceKind kind, LongTermPolicy policy) {

        /**
         * Returns true if a long-term pin is refused. Private memory cannot be pinned in place, so it comes home in any
         * case.
         */
        boolean refuses() {
            return policy == LongTermPolicy.REFUSE && !kind.isPrivate();
        }
    }

    static List<Setting> settings() {
        List<Setting> settings = new ArrayList<>();
        for (DeviceKind kind : DeviceKind.available()) {
            for (LongTermPolicy policy : LongTermPolicy.values()) {
                settings.add(new Setting(kind, policy));
            }
        }
        return settings;
    }

    @Parameter
    Setting setting;

    private AddressSpace space;
    private Accessor accessor;
    private long address;

    @Override
    DeviceKind kind() {
        return setting.kind();
    }

    @Override
    MemoryManager.Builder configure(MemoryManager.Builder builder) {
        return builder.longTermPolicy(setting.policy()).longTermPinLimit(bytes(LIMIT_PAGES));
    }

    @BeforeEach
    void fill() {
        space = memory.newAddressSpace();
        accessor = space.accessor();
        address = mapFilled(space, OLD);
    }

    @AfterEach
    void closeSpace() {
        accessor.close();
        space.close();
    }

    private void toDevice(int firstPage, int pages) {
        assertThat(space.migrate(address + firstPage * PAGE, bytes(pages), d0.pool()).there()).isEqualTo(pages);
    }

    private Pin pin(Entry entry, long start, int pages, PinTerm term, PinAccess access) {
        return entry == Entry.SPACE ? space.pin(start, bytes(pages), term, access)
                : accessor.pin(start, bytes(pages), term, access);
    }

    private Pin pinAll(Entry entry, PinAccess access) {
        return pin(entry, address, PAGES, PinTerm.LONG, access);
    }

    private void expectNothingPinned() {
        assertThat(memory.openPins()).isEmpty();
        assertThat(memory.statistics().tier().openPins()).isZero();
        assertThat(memory.statistics().tier().longTermPinnedBytes()).isZero();
        for (int page = 0; page < PAGES; page++) {
            assertThat(space.pageState(address + page * PAGE).pinned()).as("page " + page).isFalse();
        }
    }

    private void expectGranted(Entry entry, PinAccess access) {
        try (Pin pin = pinAll(entry, access)) {
            expectPlaces(space, address, PAGES, Place.HOST);
            assertThat(memory.statistics().tier().longTermPinnedBytes()).isEqualTo(bytes(PAGES));
            expectPinned(pin, OLD);
        }
        expectNothingPinned();
        expect(space, address, OLD);
    }

    private void expectVerdictOnDeviceMemory(Entry entry, PinAccess access) {
        toDevice(0, PAGES);
        if (setting.refuses()) {
            long refused = memory.statistics().tier().longTermPinsRefused();
            assertThatExceptionOfType(LongTermPinException.class).isThrownBy(() -> pinAll(entry, access))
                    .withMessageContaining("pool=d0");
            assertThat(memory.statistics().tier().longTermPinsRefused()).isEqualTo(refused + 1);
            expectPlaces(space, address, PAGES, Place.DEVICE_COHERENT);
            expectNothingPinned();
            expect(space, address, OLD);
        } else {
            expectGranted(entry, access);
        }
    }

    // ---- the cases of the kernel

    @Test
    @DisplayName("gup_longterm: R/W longterm GUP pin in MAP_SHARED file mapping (G1)")
    void pinOfDeviceMemoryForWritingIsDecidedByThePolicy() {
        expectVerdictOnDeviceMemory(Entry.SPACE, PinAccess.WRITE);
    }

    @Test
    @DisplayName("gup_longterm: R/W longterm GUP-fast pin in MAP_SHARED file mapping (G2)")
    void pinOfDeviceMemoryForWritingByAnAccessorIsDecidedByThePolicy() {
        expectVerdictOnDeviceMemory(Entry.ACCESSOR, PinAccess.WRITE);
    }

    @Test
    @DisplayName("gup_longterm: R/O longterm GUP pin in MAP_SHARED file mapping (G3)")
    void pinOfDeviceMemoryForReadingIsDecidedByThePolicyToo() {
        expectVerdictOnDeviceMemory(Entry.SPACE, PinAccess.READ);
    }

    @Test
    @DisplayName("gup_longterm: R/O longterm GUP-fast pin in MAP_SHARED file mapping (G4)")
    void pinOfDeviceMemoryForReadingByAnAccessorIsDecidedByThePolicyToo() {
        expectVerdictOnDeviceMemory(Entry.ACCESSOR, PinAccess.READ);
    }

    @Test
    @DisplayName("gup_longterm: R/W longterm GUP pin in MAP_PRIVATE file mapping (G5)")
    void pinOfHostMemoryForWritingIsAlwaysGranted() {
        expectGranted(Entry.SPACE, PinAccess.WRITE);
    }

    @Test
    @DisplayName("gup_longterm: R/W longterm GUP-fast pin in MAP_PRIVATE file mapping (G6)")
    void pinOfHostMemoryForWritingByAnAccessorIsAlwaysGranted() {
        expectGranted(Entry.ACCESSOR, PinAccess.WRITE);
    }

    @Test
    @DisplayName("gup_longterm: R/O longterm GUP pin in MAP_PRIVATE file mapping (G7)")
    void pinOfHostMemoryForReadingIsAlwaysGranted() {
        space.protect(address, bytes(PAGES), Protection.READ_ONLY);
        expectGranted(Entry.SPACE, PinAccess.READ);
    }

    @Test
    @DisplayName("gup_longterm: R/O longterm GUP-fast pin in MAP_PRIVATE file mapping (G8)")
    void pinOfHostMemoryForReadingByAnAccessorIsAlwaysGranted() {
        space.protect(address, bytes(PAGES), Protection.READ_ONLY);
        expectGranted(Entry.ACCESSOR, PinAccess.READ);
    }

    @Test
    @DisplayName("gup_longterm: io_uring fixed buffer with MAP_SHARED file mapping (G9)")
    void bufferOnTheDeviceServesTransfersOrIsRefused() {
        toDevice(0, PAGES);
        if (setting.refuses()) {
            assertThatExceptionOfType(LongTermPinException.class)
                    .isThrownBy(() -> pinAll(Entry.SPACE, PinAccess.WRITE));
            expectNothingPinned();
        } else {
            expectTransfers();
        }
    }

    @Test
    @DisplayName("gup_longterm: io_uring fixed buffer with MAP_PRIVATE file mapping (G10)")
    void bufferOfTheHostServesTransfers() {
        expectTransfers();
    }

    private void expectTransfers() {
        try (Pin buffer = pinAll(Entry.SPACE, PinAccess.WRITE)) {
            putPinned(buffer, NEW);
            expect(space, address, NEW);
            put(space, address, counting(PAGES, 3));
            expectPinned(buffer, counting(PAGES, 3));
        }
        expect(space, address, counting(PAGES, 3));
    }

    // ---- rules behind these cases

    @ParameterizedTest
    @EnumSource
    @DisplayName("if one page may not be pinned, nothing is pinned")
    void rangeWithOnePageOfADeviceIsPinnedAsAWholeOrNotAtAll(Entry entry) {
        toDevice(2, 1);
        if (setting.refuses()) {
            assertThatExceptionOfType(LongTermPinException.class)
                    .isThrownBy(() -> pinAll(entry, PinAccess.WRITE))
                    .withMessageContaining("address=0x" + Long.toHexString(address + 2 * PAGE));
            assertThat(places(space, address, PAGES))
                    .containsExactly(Place.HOST, Place.HOST, Place.DEVICE_COHERENT, Place.HOST);
            expectNothingPinned();
        } else {
            expectGranted(entry, PinAccess.WRITE);
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a pin that fails half way leaves no pin, though pages may have moved")
    void pinOfARangeWithABusyPagePinsNothing(Entry entry) {
        toDevice(0, PAGES);
        long busy = address + 3 * PAGE;
        try (Pin holder = space.pin(busy, PAGE, PinTerm.SHORT, PinAccess.READ)) {
            if (kind().isPrivate()) {
                assertThat(holder.state(busy).place()).isEqualTo(Place.HOST);
                pinAll(entry, PinAccess.WRITE).close();
            } else {
                assertThatThrownBy(() -> pinAll(entry, PinAccess.WRITE)).isInstanceOf(
                        setting.refuses() ? LongTermPinException.class : PagesBusyException.class);
                Place before = setting.refuses() ? Place.DEVICE_COHERENT : Place.HOST;
                assertThat(places(space, address, PAGES))
                        .containsExactly(before, before, before, Place.DEVICE_COHERENT);
            }
            assertThat(memory.statistics().tier().openPins()).as("open pins, which is the one from before")
                    .isEqualTo(1);
            assertThat(memory.statistics().tier().longTermPinnedBytes()).isZero();
            expectPinned(holder, OLD.asSlice(3 * PAGE));
        }
        expectNothingPinned();
        expect(space, address, OLD);
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("a pin of what is not mapped, or not allowed, leaves nothing behind")
    void pinWithAnInvalidLastPagePinsNothing(Entry entry) {
        space.protect(address + 3 * PAGE, PAGE, Protection.READ_ONLY);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> pinAll(entry, PinAccess.WRITE));
        expectNothingPinned();
        space.protect(address + 3 * PAGE, PAGE, Protection.NONE);
        assertThatExceptionOfType(ProtectionException.class).isThrownBy(() -> pinAll(entry, PinAccess.READ));
        expectNothingPinned();
        space.unmap(address + 3 * PAGE, PAGE);
        assertThatExceptionOfType(AddressNotMappedException.class).isThrownBy(() -> pinAll(entry, PinAccess.READ));
        expectNothingPinned();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("both ways to a pin have one limit")
    void limitHoldsForBothWaysTogether(Entry entry) {
        Pin first = pin(Entry.SPACE, address, PAGES, PinTerm.LONG, PinAccess.READ);
        Pin second = pin(Entry.ACCESSOR, address, PAGES, PinTerm.LONG, PinAccess.WRITE);
        assertThat(memory.statistics().tier().longTermPinnedBytes()).isEqualTo(bytes(LIMIT_PAGES));
        assertThatExceptionOfType(PinLimitException.class)
                .isThrownBy(() -> pin(entry, address, 1, PinTerm.LONG, PinAccess.READ));
        pin(entry, address, 1, PinTerm.SHORT, PinAccess.READ).close();
        second.close();
        assertThat(memory.statistics().tier().longTermPinnedBytes()).isEqualTo(bytes(PAGES));
        pinAll(entry, PinAccess.WRITE).close();
        first.close();
        expectNothingPinned();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("as many pins are given back as were taken (pin_user_pages counters)")
    void pageIsPinnedAsLongAsOnePinIsLeft(Entry entry) {
        List<Pin> pins = new ArrayList<>();
        for (int i = 0; i < 1_100; i++) { // more pins than the kernel can tell from plain references
            pins.add(pin(entry, address, 1, PinTerm.SHORT, PinAccess.READ));
        }
        assertThat(memory.statistics().tier().openPins()).isEqualTo(1_100);
        for (Pin pin : pins) {
            assertThat(space.pageState(address).pinned()).isTrue();
            pin.close();
        }
        expectNothingPinned();
    }
}
