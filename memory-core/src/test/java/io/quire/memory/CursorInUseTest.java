package io.quire.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.SegmentInUseException;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.NativeCaller;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A cursor whose segment is used by native code. A call that is refused meanwhile can be repeated later. */
class CursorInUseTest {

    private static final int PAGE = 4096;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1L << 20);

    @Test
    void closeIsRefusedOnceAndDoneLater() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(PAGE);
            space.setByte(address, (byte) 1);
            RunCursor cursor = space.runs(address, PAGE);
            cursor.next();
            NativeCaller.using(cursor.memory(), () -> {
                assertThatExceptionOfType(SegmentInUseException.class).isThrownBy(cursor::close);
                assertThat(cursor.memory().get(JAVA_BYTE, 0)).isEqualTo((byte) 1);
            });
            assertThat(leaks.manager().openSpaces()).hasSize(2);
            cursor.close();
            assertThat(leaks.manager().openSpaces()).hasSize(1);
            cursor.close();
        }
    }

    @Test
    void nextIsRefusedOnceAndPassesNothing() {
        try (AddressSpace space = leaks.manager().newAddressSpace()) {
            long address = space.map(2 * PAGE);
            space.setByte(address, (byte) 1); // the page after it is a hole
            try (RunCursor cursor = space.runs(address, 2 * PAGE)) {
                cursor.next();
                NativeCaller.using(cursor.memory(), () -> {
                    assertThatExceptionOfType(SegmentInUseException.class).isThrownBy(cursor::next);
                    assertThat(cursor.address()).isEqualTo(address);
                });
                assertThat(cursor.next()).isTrue();
                assertThat(cursor.address()).isEqualTo(address + PAGE);
                NativeCaller.using(cursor.memory(), () -> assertThatExceptionOfType(SegmentInUseException.class)
                        .isThrownBy(cursor::next));
                assertThat(cursor.next()).isFalse();
            }
        }
    }
}
