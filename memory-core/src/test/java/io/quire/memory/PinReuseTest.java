package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.space.Pinned;
import io.quire.memory.testkit.LeakCheck;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An accessor uses the books of a pin over and over: nobody may notice. */
@Tag("portable")
class PinReuseTest {

    private static final long PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    @Test
    void pinThatIsClosedSaysNothingOfTheNextOne() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(2 * PAGE);
            Pin first = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
            first.close();
            try (Pin second = accessor.pin(address + PAGE, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
                assertThatExceptionOfType(ClosedException.class).isThrownBy(first::close);
                assertThatExceptionOfType(ClosedException.class).isThrownBy(first::segments);
                assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> first.state(address));
                assertThat(first.access()).isEqualTo(PinAccess.READ);
                assertThat(first.toString()).contains("closed", "READ", Long.toHexString(address));
                assertThat(second.state(address + PAGE).address()).isEqualTo(address + PAGE);
                assertThat(leaks.manager().openPins()).singleElement().asString()
                        .contains(Long.toHexString(address + PAGE), "WRITE");
            }
            assertThat(leaks.manager().openPins()).isEmpty();
        }
    }

    @Test
    void booksAreUsedAgainUnlessSomebodyElseHasSeenThem() {
        try (AddressSpace space = leaks.manager().newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(2 * PAGE);
            Pinned first = pin(accessor, address);
            end(accessor, first);
            Pinned again = pin(accessor, address + PAGE);
            assertThat(again).isSameAs(first);
            assertThat(leaks.manager().openPins()).hasSize(1);
            end(accessor, again);
            Pinned other = pin(accessor, address);
            assertThat(other).isNotSameAs(again);
            end(accessor, other);
            Pinned larger = accessor.pinPages(address, 2 * PAGE, PinTerm.SHORT, PinAccess.READ);
            assertThat(larger.pages()).isEqualTo(2);
            end(accessor, larger);
        }
    }

    private static Pinned pin(Accessor accessor, long address) {
        return accessor.pinPages(address, PAGE, PinTerm.SHORT, PinAccess.READ);
    }

    private static void end(Accessor accessor, Pinned pinned) {
        assertThat(pinned.space().unpin(pinned, pinned.use())).isTrue();
        accessor.keepSparePin(pinned);
    }
}
