package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.quire.memory.contract.AddressNotMappedException;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.Protection;
import io.quire.memory.contract.ProtectionException;
import io.quire.memory.testkit.LeakCheck;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Messages name the address that the user passed, the page that prevents the access, and the holder of a page. */
class AddressesInMessagesTest {

    private static final long PAGE = 4096;
    private static final long WILD = 0x1234567;

    private static final List<BiConsumer<MemoryAccess, Long>> READS = List.of(MemoryAccess::getByte,
            MemoryAccess::getShort, MemoryAccess::getInt, MemoryAccess::getLong, MemoryAccess::getFloat,
            MemoryAccess::getDouble, (memory, at) -> memory.getInt(at, ByteOrder.BIG_ENDIAN),
            (memory, at) -> memory.copyTo(at, new byte[3], 0, 3), (memory, at) -> memory.setByte(at, (byte) 1),
            (memory, at) -> memory.setInt(at, 1),
            (memory, at) -> memory.getAndAddInt(at & -4, 1));

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(1 << 20).leakTracking(true)
            .backgroundAgent(false).deviceCoherentPool("near", 1 << 20));

    private static void namesIt(MemoryAccess memory, long at, BiConsumer<MemoryAccess, Long> access, int index) {
        long asked = index == READS.size() - 1 ? at & -4 : at;
        AddressNotMappedException refusal = catchThrowableOfType(AddressNotMappedException.class,
                () -> access.accept(memory, at));
        assertThat(refusal.address()).as("access " + index).isEqualTo(asked);
        assertThat(refusal).hasMessageContaining("0x" + Long.toHexString(asked) + ",");
    }

    @Test
    void messageNamesTheAddressOfAWildAccess() {
        try (AddressSpace space = leaks.manager().newAddressSpace("a"); Accessor accessor = space.accessor()) {
            for (int i = 0; i < READS.size(); i++) {
                for (long at : new long[] {WILD, WILD + 1, -5, Long.MIN_VALUE + 7}) {
                    namesIt(space, at, READS.get(i), i);
                    namesIt(accessor, at, READS.get(i), i);
                }
            }
        }
    }

    @Test
    void messageNamesTheFirstUnmappedByteOfAValue() {
        try (AddressSpace space = leaks.manager().newAddressSpace("a"); Accessor accessor = space.accessor()) {
            long end = space.map(PAGE) + PAGE;
            for (MemoryAccess memory : List.of(space, accessor)) {
                AddressNotMappedException refusal = catchThrowableOfType(AddressNotMappedException.class,
                        () -> memory.getLong(end - 3));
                assertThat(refusal.address()).isEqualTo(end);
            }
        }
    }

    @Test
    void messageNamesTheProtectedByteThatWasRead() {
        try (AddressSpace space = leaks.manager().newAddressSpace("a"); Accessor accessor = space.accessor()) {
            long address = space.map(PAGE, Protection.NONE);
            for (MemoryAccess memory : List.of(space, accessor)) {
                ProtectionException refusal = catchThrowableOfType(ProtectionException.class,
                        () -> memory.getByte(address + 13));
                assertThat(refusal.address()).isEqualTo(address + 13);
            }
        }
    }

    @Test
    void mappingInASnapshotIsRefusedWithoutAnAddress() {
        try (AddressSpace space = leaks.manager().newAddressSpace("a"); AddressSpace snapshot = space.snapshot("s")) {
            ProtectionException refusal = catchThrowableOfType(ProtectionException.class, () -> snapshot.map(PAGE));
            assertThat(refusal).hasMessageContaining("space=s;").hasMessageNotContaining("address=");
            assertThat(refusal.address()).isEqualTo(ProtectionException.NO_ADDRESS);
        }
    }

    @Test
    void questionsAfterCloseAreRefused() {
        AddressSpace space = leaks.manager().newAddressSpace("a");
        Attachment attachment = leaks.manager().device("near").attach(space);
        space.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(space::statistics);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(space::mappings);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(attachment::exclusivePages);
        MemoryManager other = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false).build();
        MemoryPool pool = other.hostPool();
        other.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(pool::freeBytes);
        assertThat(pool).asString().contains("closed").doesNotContain("free=");
        assertThatExceptionOfType(ClosedException.class).isThrownBy(other::statistics);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(other::openSpaces);
    }

    @Test
    void messageNamesTheCursorThatKeepsADeviceOpen() {
        Device near = leaks.manager().device("near");
        try (AddressSpace space = leaks.manager().newAddressSpace("a")) {
            long address = space.map(PAGE);
            space.setLong(address, 1);
            assertThat(space.migrate(address, PAGE, near.pool()).isComplete()).isTrue();
            try (RunCursor cursor = space.runs(address, PAGE)) {
                assertThat(cursor.next()).isTrue();
                assertThatExceptionOfType(PagesBusyException.class)
                        .isThrownBy(() -> near.close(Duration.ofMillis(20)))
                        .withMessageContaining("cursor, snapshot runs of a").withMessageNotContaining("nobody");
            }
        }
    }

    @Test
    void stacksBeginWithTheUsersCall() {
        try (AddressSpace space = leaks.manager().newAddressSpace("a");
                Pin pin = space.pin(space.map(PAGE), PAGE, PinTerm.LONG, PinAccess.READ)) {
            assertThat(pin.sizeBytes()).isEqualTo(PAGE);
            assertThat(leaks.manager().openPins()).singleElement().asString()
                    .containsPattern("ms\\n      at .*AddressesInMessagesTest.stacksBeginWithTheUsersCall");
            assertThat(leaks.manager().openSpaces()).singleElement().asString()
                    .containsPattern("ms\\n      at .*AddressesInMessagesTest.stacksBeginWithTheUsersCall");
        }
    }
}
