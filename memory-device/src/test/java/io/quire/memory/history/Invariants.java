package io.quire.memory.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Attachment;
import io.quire.memory.contract.PageState;
import io.quire.memory.contract.Protection;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.harness.ModelSpace;
import io.quire.memory.harness.Twin;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.softdevice.TableEntry;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** What must hold between two steps, wherever the pages are. */
final class Invariants {

    private final List<HeldPin> pins;

    /** The list of open pins may change later. */
    Invariants(List<HeldPin> pins) {
        this.pins = pins;
    }

    /** Checks the state of a page, without an access to the page. */
    PageState checkState(Twin twin, long page) {
        PageState state = twin.space().pageState(page);
        if (!twin.model().protection(page).isReadable()) {
            assertThat(state.place()).isEqualTo(PageState.Place.INACCESSIBLE);
            return state;
        }
        assertThat(state.place()).as("%s", state).isNotEqualTo(PageState.Place.INACCESSIBLE);
        if (!twin.model().protection(page).isWritable() || twin.model().isSnapshot()) {
            assertThat(state.writable()).as("%s", state).isFalse();
        }
        for (HeldPin pin : pins) {
            if (pin.isOf(twin) && pin.holds(page)) {
                assertThat(state.pinned()).as("%s, %s", state, pin).isTrue();
                assertThat(state.pool()).as("%s, %s", state, pin).isEqualTo(pin.pool(page));
                assertThat(state.place()).isNotIn(PageState.Place.EXCLUSIVE, PageState.Place.DEVICE_PRIVATE);
                assertThat(pin.isLong() && state.place() != PageState.Place.HOST).as("%s, %s", state, pin).isFalse();
            }
        }
        return state;
    }

    /** Checks that the devices of a space have mapped no more than the space has, and the same bytes. */
    void checkTables(Twin twin, Map<SoftwareDevice, Attachment> attachments) {
        attachments.forEach((device, attachment) -> {
            int exclusive = 0;
            for (TableEntry entry : device.table(attachment.mirror())) {
                exclusive += checkEntry(twin, device, entry) ? 1 : 0;
                compare(twin, device, attachment.mirror(), entry.address());
            }
            // So the device has mapped only its own exclusive pages.
            assertThat(exclusive).as("exclusive pages that %s has mapped", device)
                    .isLessThanOrEqualTo(attachment.exclusivePages());
        });
    }

    /** Checks an entry in the table of a device; returns true if its page is exclusive. */
    private static boolean checkEntry(Twin twin, SoftwareDevice device, TableEntry entry) {
        PageState state = twin.space().pageState(entry.address());
        Protection protection = twin.model().protection(entry.address());
        String all = entry + " of " + device + ", " + state + ", " + protection;
        boolean exclusive = state.place() == PageState.Place.EXCLUSIVE;
        assertThat(entry.stale()).as(all).isFalse();
        assertThat(protection.isReadable()).as(all).isTrue();
        assertThat(state.pool().equals(device.name())).as(all).isEqualTo(entry.frame() >= 0);
        if (entry.access() != DeviceAccess.READ) {
            assertThat(protection.isWritable() && !twin.model().isSnapshot()).as(all).isTrue();
        }
        if (entry.access() == DeviceAccess.ATOMIC) {
            assertThat(exclusive).as(all).isTrue();
        }
        return exclusive;
    }

    private static void compare(Twin twin, SoftwareDevice device, DeviceMirror mirror, long page) {
        byte[] seen = new byte[ModelSpace.PAGE];
        if (device.readMapped(mirror, page, MemorySegment.ofArray(seen))) {
            assertThat(Arrays.mismatch(seen, twin.model().page(page)))
                    .as("what %s has mapped of 0x%x in %s", device, page, twin).isEqualTo(-1);
        }
    }
}
