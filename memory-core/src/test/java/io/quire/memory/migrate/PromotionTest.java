package io.quire.memory.migrate;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.space.Machine;
import io.quire.memory.testkit.LeakCheck;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Evicted pages that are used twice come back. The tests say what time it is; one leaves it to the manager. */
@Tag("portable")
class PromotionTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 64;

    /** More than twice the number of pages that are watched. */
    private static final int MANY_EVICTED = 9_000;
    private static final int MANY_PAGES = 10_000;

    /** Enough to look twice at each page that is watched. */
    private static final int TURNS = 2 * Promoter.WATCHED_MAX / Promoter.LOOKS_PER_TURN;

    private static final long TURN_NANOS = Promoter.TURN_NANOS;
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);

    @RegisterExtension
    final LeakCheck promoting = new LeakCheck(builder -> builder.hostPool(4 << 20)
            .deviceCoherentPool("tier", PAGES * PAGE).watermarks(10, 20).promotion(true).backgroundAgent(false));

    @RegisterExtension
    final LeakCheck asUsual = new LeakCheck(builder -> builder.hostPool(4 << 20)
            .deviceCoherentPool("tier", PAGES * PAGE).watermarks(10, 20).backgroundAgent(false));

    @RegisterExtension
    final LeakCheck manyPages = new LeakCheck(builder -> builder.hostPool(MANY_PAGES * PAGE)
            .deviceCoherentPool("tier", MANY_PAGES * PAGE).watermarks(94, 95).promotion(true).backgroundAgent(false));

    private long now = -3 * TURN_NANOS; // passes 0 during a test

    /** Returns an evictor beside that of the manager, whose promoter goes by the time of the test. */
    private Evictor evictorOf(AddressSpace space) {
        Machine machine = ManagerCheck.machine(space);
        Migration migration = machine.evictor().migration();
        return new Evictor(machine.memory(), migration, new Promoter(migration, () -> now));
    }

    private int promoteAfter(long nanos, Evictor evictor) {
        now += nanos;
        return evictor.promote();
    }

    private static DeviceTier tierOf(AddressSpace space) {
        return ManagerCheck.machine(space).tiers().getFirst();
    }

    private static long fillTier(MemoryManager manager, AddressSpace space) {
        long address = space.map(PAGES * PAGE);
        space.fill(address, PAGES * PAGE, (byte) 7);
        assertThat(space.migrate(address, PAGES * PAGE, manager.pool("tier")).there()).isEqualTo(PAGES);
        return address;
    }

    private static long evictedPage(AddressSpace space, long address) {
        for (long page = address; page < address + PAGES * PAGE; page += PAGE) {
            if (space.pageState(page).place() == Place.HOST) {
                return page;
            }
        }
        throw new AssertionError("no page was evicted");
    }

    private static long evictOne(MemoryManager manager, AddressSpace space, Evictor evictor) {
        long address = fillTier(manager, space);
        assertThat(evictor.work(tierOf(space))).isEqualTo(13); // so 20 % are free
        return evictedPage(space, address);
    }

    @Test
    void evictedPageThatIsUsedTwiceComesBack() {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            Evictor evictor = evictorOf(space);
            long page = evictOne(manager, space, evictor);
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            assertThat(promoteAfter(TURN_NANOS, evictor)).as("after one use").isZero();
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            assertThat(promoteAfter(TURN_NANOS - 1, evictor)).as("before the next turn").isZero();
            assertThat(promoteAfter(1, evictor)).isOne();
            assertThat(space.pageState(page).place()).isEqualTo(Place.DEVICE_COHERENT);
            assertThat(space.getByte(page)).isEqualTo((byte) 7);
        }
    }

    @Test
    void pageThatIsUsedOnceStaysAway() {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            Evictor evictor = evictorOf(space);
            long page = evictOne(manager, space, evictor);
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            for (int turn = 0; turn < 10; turn++) {
                assertThat(promoteAfter(TURN_NANOS, evictor)).isZero();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
        }
    }

    @Test
    void pageThatIsUsedTooLateStaysAway() {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            Evictor evictor = evictorOf(space);
            long page = evictOne(manager, space, evictor);
            now += Promoter.WINDOW.toNanos();
            for (int turn = 0; turn < 10; turn++) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                assertThat(promoteAfter(TURN_NANOS, evictor)).isZero();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
        }
    }

    @Test
    void pageComesBackWhenThereIsRoomAgain() {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            Evictor evictor = evictorOf(space);
            long page = evictOne(manager, space, evictor);
            assertThat(evictor.work(tierOf(space))).as("enough frames are free").isZero();
            int room = 6; // one page more would start an eviction
            long others = space.map(room * PAGE);
            space.fill(others, room * PAGE, (byte) 8);
            assertThat(space.migrate(others, room * PAGE, manager.pool("tier")).there()).isEqualTo(room);
            for (int turn = 0; turn < 10; turn++) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                assertThat(evictor.work(tierOf(space))).isZero();
                assertThat(promoteAfter(TURN_NANOS, evictor)).isZero();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
            space.unmap(others, room * PAGE);
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            assertThat(promoteAfter(TURN_NANOS, evictor)).as("uses without room do not count").isZero();
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            assertThat(promoteAfter(TURN_NANOS, evictor)).isOne();
            assertThat(space.pageState(page).place()).isEqualTo(Place.DEVICE_COHERENT);
        }
    }

    @Test
    void lastOfManyEvictedPagesComeBack() {
        MemoryManager manager = manyPages.manager();
        long sizeBytes = MANY_PAGES * PAGE;
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            Evictor evictor = evictorOf(space);
            long address = space.map(sizeBytes);
            assertThat(space.migrate(address, sizeBytes, manager.pool("tier")).there()).isEqualTo(MANY_PAGES);
            int evicted = 0;
            int pages;
            do {
                pages = evictor.work(tierOf(space));
                evicted += pages;
            } while (pages > 0);
            assertThat(evicted).isGreaterThanOrEqualTo(MANY_EVICTED);
            int promoted = 0;
            for (int turn = 0; turn < TURNS && promoted == 0; turn++) {
                for (long page = address; page < address + sizeBytes; page += PAGE) {
                    accessor.getByte(page);
                }
                promoted += promoteAfter(TURN_NANOS, evictor);
            }
            assertThat(promoted).isPositive();
        }
    }

    @Test
    void managerBringsAPageBackOnlyIfThatWasAskedFor() {
        MemoryManager manager = promoting.manager();
        MemoryManager other = asUsual.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor();
                AddressSpace otherSpace = other.newAddressSpace(); Accessor otherAccessor = otherSpace.accessor()) {
            long address = fillTier(manager, space);
            long otherAddress = fillTier(other, otherSpace);
            manager.maintain();
            other.maintain();
            long page = evictedPage(space, address);
            long otherPage = evictedPage(otherSpace, otherAddress);
            long end = System.nanoTime() + LIMIT_NANOS;
            while (space.pageState(page).place() == Place.HOST && System.nanoTime() < end) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                assertThat(otherAccessor.getByte(otherPage)).isEqualTo((byte) 7);
                manager.maintain();
                other.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.DEVICE_COHERENT);
            assertThat(otherSpace.pageState(otherPage).place()).isEqualTo(Place.HOST);
        }
    }
}
