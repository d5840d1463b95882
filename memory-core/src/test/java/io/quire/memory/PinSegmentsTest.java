package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.PagesBusyException;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.NativeCaller;
import io.quire.memory.testkit.Threads;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Segments of pins of a space end some time after their pin, many together. Until then they are safe to read. */
class PinSegmentsTest {

    private static final int PAGE = 4096;
    private static final int PAGES = 128;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    /** No leak tracking: with it, segments end together with their pin. */
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(2 << 20).deviceCoherentPool("tier", 1 << 18)
            .backgroundAgent(false));

    private AddressSpace space;
    private long address;

    @BeforeEach
    void map() {
        space = leaks.manager().newAddressSpace("pinned");
        address = space.map(PAGES * PAGE);
        for (int i = 0; i < PAGES; i++) {
            space.setLong(address + i * PAGE, i);
        }
    }

    @AfterEach
    void close() {
        assertThat(leaks.manager().openPins()).isEmpty();
        if (!space.isClosed()) {
            space.close();
        }
    }

    private MemorySegment closed(int page, PinAccess access) {
        Pin pin = space.pin(address + page * PAGE, PAGE, PinTerm.SHORT, access);
        MemorySegment segment = pin.segments().getFirst();
        assertThat(segment.get(LONG, 0)).isEqualTo(page);
        pin.close();
        assertThatExceptionOfType(ClosedException.class).isThrownBy(pin::segments);
        pin.close();
        return segment;
    }

    private static void assertEnded(MemorySegment segment) {
        assertThatIllegalStateException().isThrownBy(() -> segment.get(LONG, 0)).withMessage("Already closed");
    }

    @Test
    void segmentsEndWithTheNextTurnOfMaintenance() {
        MemorySegment segment = closed(5, PinAccess.WRITE);
        assertThat(leaks.manager().openPins()).isEmpty();
        assertThat(leaks.manager().statistics().tier().openPins()).isZero();
        closed(6, PinAccess.READ);
        leaks.manager().maintain();
        assertEnded(segment);
    }

    @Test
    void segmentsShowThePageOfTheSpaceUntilTheyEnd() {
        MemorySegment segment = closed(5, PinAccess.WRITE);
        space.setLong(address + 5 * PAGE, 55);
        assertThat(segment.get(LONG, 0)).isEqualTo(55);
    }

    @Test
    void segmentsOfALongPinOrOfManyPagesEndWithTheirPin() {
        Pin longTerm = space.pin(address, PAGE, PinTerm.LONG, PinAccess.READ);
        MemorySegment first = longTerm.segments().getFirst();
        longTerm.close();
        assertEnded(first);
        assertThat(leaks.manager().statistics().tier().longTermPinnedBytes()).isZero();
        Pin wide = space.pin(address, 64 * PAGE, PinTerm.SHORT, PinAccess.READ);
        MemorySegment second = wide.segments().getFirst();
        wide.close();
        assertEnded(second);
    }

    @Test
    void atMost64PagesAreHeldForEndedPins() {
        List<MemorySegment> segments = new ArrayList<>();
        for (int page = 0; page < PAGES; page++) {
            segments.add(closed(page, PinAccess.READ));
            long alive = segments.stream().filter(segment -> segment.scope().isAlive()).count();
            assertThat(alive).isLessThan(64);
        }
    }

    @Test
    void segmentsEndBeforeTheirFrameIsReused() {
        MemorySegment unmapped = closed(0, PinAccess.READ);
        space.unmap(address, PAGE);
        assertEnded(unmapped);
        MemorySegment discarded = closed(1, PinAccess.READ);
        space.discard(address + PAGE, PAGE);
        assertEnded(discarded);
        MemorySegment shared = closed(2, PinAccess.WRITE);
        try (AddressSpace fork = space.fork()) {
            assertEnded(shared);
            assertThat(leaks.manager().statistics().pagesCopied()).as("pages copied because of a pin that has ended")
                    .isZero();
            assertThat(fork.getLong(address + 2 * PAGE)).isEqualTo(2);
        }
        MemorySegment moved = closed(3, PinAccess.READ);
        assertThat(space.migrate(address + 3 * PAGE, PAGE, leaks.manager().pool("tier")).isComplete()).isTrue();
        assertEnded(moved);
        MemorySegment last = closed(4, PinAccess.READ);
        space.close();
        assertEnded(last);
    }

    @Test
    void pinClosedAfterItsPageIsGoneReleasesTheFrameAtOnce() {
        Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
        MemorySegment segment = pin.segments().getFirst();
        space.discard(address, PAGE);
        assertThat(segment.get(LONG, 0)).isZero();
        long used = leaks.manager().statistics().usedBytes();
        pin.close();
        assertEnded(segment);
        assertThat(leaks.manager().statistics().usedBytes()).isEqualTo(used - PAGE);
    }

    @Test
    void framesStayHeldWhileNativeCodeUsesASegment() {
        Pin pin = space.pin(address + 7 * PAGE, PAGE, PinTerm.SHORT, PinAccess.READ);
        MemorySegment segment = pin.segments().getFirst();
        NativeCaller.using(segment, () -> {
            pin.close();
            leaks.manager().maintain();
            space.discard(address + 7 * PAGE, PAGE);
            assertThat(segment.get(LONG, 0)).as("the content of the page").isEqualTo(7);
            space.close();
            assertThat(leaks.manager().openPins()).hasSize(1);
            assertThat(leaks.manager().openPins().getFirst().isClosed()).isTrue();
            assertThat(leaks.manager().openPins().getFirst().toString()).contains("in use by native code");
            assertThatExceptionOfType(PagesBusyException.class).isThrownBy(leaks.manager()::close);
        });
        leaks.manager().maintain();
        assertEnded(segment);
    }

    @Test
    void pinsThatAreOpenAtTheSameTimeDoNotEndEachOther() {
        Pin open = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ);
        MemorySegment stays = open.segments().getFirst();
        MemorySegment ends = closed(1, PinAccess.READ);
        leaks.manager().maintain();
        assertEnded(ends);
        assertThat(stays.get(LONG, 0)).isZero();
        assertThat(open.segments().getFirst()).isSameAs(stays);
        open.close();
    }

    /** Otherwise a long-term pin could keep device memory that nobody pins any more, for as long as it is open. */
    @Test
    void aLongTermPinKeepsNothingOfPinsThatHaveEnded() {
        MemoryPool tier = leaks.manager().pool("tier");
        assertThat(space.migrate(address, PAGE, tier).isComplete()).isTrue();
        MemorySegment ends = closed(0, PinAccess.READ);
        try (Pin open = space.pin(address + PAGE, PAGE, PinTerm.LONG, PinAccess.READ)) {
            MemorySegment stays = open.segments().getFirst();
            leaks.manager().evict(tier, 1);
            assertThat(space.pageState(address).pool()).isEqualTo("host");
            assertEnded(ends);
            assertThat(stays.get(LONG, 0)).isOne();
        }
    }

    /** A reader finds its page, or a segment that has ended. It never finds what the next owner of the frame writes. */
    @Test
    void readersOfClosedPinsNeverSeeThePagesOfOthers() throws InterruptedException {
        MemorySegment[] published = new MemorySegment[1];
        Threads.race(Duration.ofMillis(500), running -> {
            for (int turn = 0; running.getAsBoolean(); turn++) {
                try (Pin pin = space.pin(address, PAGE, PinTerm.SHORT, PinAccess.READ)) {
                    MemorySegment segment = pin.segments().getFirst();
                    synchronized (published) {
                        published[0] = segment;
                    }
                }
                if (turn % 8 == 0) {
                    space.discard(address, PAGE);
                    try (AddressSpace other = leaks.manager().newAddressSpace()) {
                        other.setLong(other.map(PAGE), -1);
                    }
                }
                leaks.manager().maintain();
            }
        }, running -> {
            while (running.getAsBoolean()) {
                MemorySegment segment;
                synchronized (published) {
                    segment = published[0];
                }
                try {
                    if (segment != null && segment.get(LONG, 0) != 0) {
                        throw new AssertionError("read " + segment.get(LONG, 0));
                    }
                } catch (IllegalStateException ended) {
                    Thread.onSpinWait();
                }
            }
        });
    }
}
