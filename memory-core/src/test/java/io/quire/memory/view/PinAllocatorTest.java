package io.quire.memory.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Pin;
import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;

@ExtendWith(Seed.class)
class PinAllocatorTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 16;

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(1 << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("arena");
        address = space.map(PAGES * PAGE);
    }

    @AfterEach
    void close() {
        space.close();
    }

    /** Gives frames to every third page first, so that the pages do not lie side by side in the pool. */
    private void scatter() {
        for (int third = 0; third < 3; third++) {
            for (int page = third; page < PAGES; page += 3) {
                space.setByte(address + page * PAGE, (byte) 0);
            }
        }
    }

    private Pin pin(long from, long sizeBytes) {
        return space.pin(address + from, sizeBytes, PinTerm.SHORT, PinAccess.WRITE);
    }

    @Test
    void segmentsLieBehindEachOtherAndAreWhereTheySay(SplittableRandom random) {
        scatter();
        try (Pin pin = pin(100, (PAGES - 1) * PAGE)) {
            assertThat(pin.segments()).hasSizeGreaterThan(3);
            PinAllocator allocator = PinAllocator.of(pin);
            long next = address + 100;
            byte number = 0;
            while (allocator.remainingBytes() > PAGE) {
                long size = random.nextInt(300);
                long alignment = 1L << random.nextInt(8);
                MemorySegment segment = allocator.allocate(size, alignment).fill(++number);
                assertThat(segment.byteSize()).isEqualTo(size);
                assertThat(segment.address() % alignment).isZero();
                if (size > 0) {
                    long at = allocator.addressOf(segment);
                    assertThat(at % alignment).isZero();
                    assertThat(at).isBetween(next, address + (PAGES - 1) * PAGE + 100 - size);
                    assertThat(space.getByte(at)).isEqualTo(number);
                    assertThat(space.getByte(at + size - 1)).isEqualTo(number);
                    next = at + size;
                }
            }
        }
    }

    @Test
    void aRequestThatDoesNotFitIsRefusedAndASmallerOneStillFits() {
        try (Pin pin = pin(0, PAGE)) {
            PinAllocator allocator = PinAllocator.of(pin);
            allocator.allocate(4000, 1);
            assertThat(allocator.remainingBytes()).isEqualTo(96);
            for (long[] tooLarge : new long[][] {{97, 1}, {96, 4096}, {Long.MAX_VALUE, 1}, {1, 1L << 62}}) {
                assertThatExceptionOfType(IndexOutOfBoundsException.class)
                        .isThrownBy(() -> allocator.allocate(tooLarge[0], tooLarge[1]))
                        .withMessageContaining("sizeBytes=" + tooLarge[0]).withMessageContaining("remainingBytes=96")
                        .withMessageEndingWith("pin a larger range");
            }
            assertThat(allocator.allocate(96, 32).byteSize()).isEqualTo(96);
            assertThat(allocator.remainingBytes()).isZero();
            assertThat(allocator.allocate(0, 1).byteSize()).isZero();
        }
    }

    @Test
    void aRequestGoesToTheNextSegmentThatHasRoom() {
        scatter();
        try (Pin pin = pin(0, PAGES * PAGE)) {
            PinAllocator allocator = PinAllocator.of(pin);
            allocator.allocate(1);
            MemorySegment page = allocator.allocate(PAGE, 1);
            assertThat(allocator.addressOf(page)).isEqualTo(address + PAGE);
            assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> allocator.allocate(8 * PAGE));
            assertThat(allocator.addressOf(allocator.allocate(8, 8))).isEqualTo(address + 2 * PAGE);
        }
    }

    @Test
    void whatWasAllocatedStaysInTheSpaceAndItsForks() {
        long at;
        try (Pin pin = pin(0, PAGE)) {
            PinAllocator allocator = PinAllocator.of(pin);
            assertThat(allocator).isInstanceOf(SegmentAllocator.class);
            at = allocator.addressOf(allocator.allocateFrom(ValueLayout.JAVA_LONG, 42));
        }
        try (AddressSpace fork = space.fork()) {
            assertThat(fork.getLong(at)).isEqualTo(42);
        }
    }

    @Test
    void badRequestsAreRefused() {
        try (Pin pin = pin(0, PAGE); Pin other = pin(PAGE, PAGE); Arena arena = Arena.ofConfined()) {
            PinAllocator allocator = PinAllocator.of(pin);
            for (long[] bad : new long[][] {{-1, 1}, {1, 0}, {1, 3}, {1, -1}, {1, Long.MIN_VALUE}}) {
                assertThatIllegalArgumentException().isThrownBy(() -> allocator.allocate(bad[0], bad[1]))
                        .withMessageContaining("alignmentBytes=" + bad[1]);
            }
            MemorySegment mine = pin.segments().getFirst();
            for (MemorySegment stranger : new MemorySegment[] {other.segments().getFirst(), arena.allocate(1),
                MemorySegment.ofArray(new byte[1]), MemorySegment.NULL}) {
                assertThatIllegalArgumentException().isThrownBy(() -> allocator.addressOf(stranger));
            }
            assertThat(allocator.addressOf(mine.asSlice(5, 7))).isEqualTo(address + 5);
            assertThatNullPointerException().isThrownBy(() -> allocator.addressOf(null));
            assertThatNullPointerException().isThrownBy(() -> PinAllocator.of(null));
            assertThat(allocator.remainingBytes()).isEqualTo(PAGE);
        }
        try (Pin readOnly = space.pin(address, 8, PinTerm.SHORT, PinAccess.READ)) {
            assertThatIllegalArgumentException().isThrownBy(() -> PinAllocator.of(readOnly))
                    .withMessageContaining("for writing");
        }
    }

    @Test
    void afterCloseOfThePinNothingIsAllocated() {
        Pin pin = pin(0, PAGE);
        PinAllocator allocator = PinAllocator.of(pin);
        MemorySegment segment = allocator.allocate(8);
        pin.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> allocator.allocate(8));
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> allocator.addressOf(segment));
        assertThatExceptionOfType(ClosedException.class).isThrownBy(allocator::remainingBytes);
        assertThatExceptionOfType(ClosedException.class).isThrownBy(() -> PinAllocator.of(pin));
        assertThatIllegalStateException().isThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0));
        assertThat(allocator.toString()).contains("closed");
    }

    @Test
    void theAllocatorOfAnAccessorsPinBelongsToItsThread() throws Exception {
        try (Accessor accessor = space.accessor();
                Pin pin = accessor.pin(address, PAGE, PinTerm.SHORT, PinAccess.WRITE)) {
            PinAllocator allocator = PinAllocator.of(pin);
            Threads.elsewhere(() -> assertThatExceptionOfType(WrongThreadException.class)
                    .isThrownBy(() -> allocator.allocate(8)));
            assertThat(allocator.remainingBytes()).isEqualTo(PAGE);
        }
    }

    @Test
    @Tag("portable")
    void withoutNativeAccessThereIsNoAllocatorAndThereAreNoBuffers() {
        try (Pin pin = pin(0, PAGE)) {
            if (NativeAccess.ENABLED) {
                assertThat(PinAllocator.of(pin).remainingBytes()).isEqualTo(PAGE);
                assertThat(pin.buffers()).hasSize(1);
            } else {
                assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> PinAllocator.of(pin))
                        .withMessageContaining("--enable-native-access");
                assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(pin::buffers);
            }
        }
    }
}
