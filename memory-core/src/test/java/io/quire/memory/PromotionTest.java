package io.quire.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PageState.Place;
import io.quire.memory.testkit.LeakCheck;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("portable")
class PromotionTest {

    private static final long PAGE = 4096;
    private static final int PAGES = 64;

    /** More than twice the number of pages that are watched. */
    private static final int MANY_EVICTED = 9_000;
    private static final int MANY_PAGES = 10_000;

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

    private static long evictOne(MemoryManager manager, AddressSpace space) {
        long address = space.map(PAGES * PAGE);
        space.fill(address, PAGES * PAGE, (byte) 7);
        assertThat(space.migrate(address, PAGES * PAGE, manager.pool("tier")).there()).isEqualTo(PAGES);
        manager.maintain();
        assertThat(manager.statistics().tier().pagesEvicted()).isEqualTo(13); // so 20 % are free
        for (long page = address; page < address + PAGES * PAGE; page += PAGE) {
            if (space.pageState(page).place() == Place.HOST) {
                return page;
            }
        }
        throw new AssertionError("no page was evicted");
    }

    @Test
    void evictedPageThatIsUsedTwiceComesBack() {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            long page = evictOne(manager, space);
            long end = System.nanoTime() + LIMIT_NANOS;
            while (space.pageState(page).place() == Place.HOST && System.nanoTime() < end) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                manager.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.DEVICE_COHERENT);
            assertThat(space.getByte(page)).isEqualTo((byte) 7);
        }
    }

    @Test
    void pageThatIsUsedOnceStaysAway() throws InterruptedException {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            long page = evictOne(manager, space);
            assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
            for (int turn = 0; turn < 10; turn++) {
                Thread.sleep(11); // until the next turn of the promoter
                manager.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
        }
    }

    @Test
    void pageComesBackWhenThereIsRoomAgain() throws InterruptedException {
        MemoryManager manager = promoting.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            long page = evictOne(manager, space);
            manager.maintain(); // notices that enough frames are free
            int room = 6; // one page more would start an eviction
            long others = space.map(room * PAGE);
            space.fill(others, room * PAGE, (byte) 8);
            assertThat(space.migrate(others, room * PAGE, manager.pool("tier")).there()).isEqualTo(room);
            for (int turn = 0; turn < 10; turn++) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                Thread.sleep(11); // until the next turn of the promoter
                manager.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
            space.unmap(others, room * PAGE);
            long end = System.nanoTime() + LIMIT_NANOS;
            while (space.pageState(page).place() == Place.HOST && System.nanoTime() < end) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                manager.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.DEVICE_COHERENT);
        }
    }

    @Test
    void lastOfManyEvictedPagesComeBack() {
        MemoryManager manager = manyPages.manager();
        long sizeBytes = MANY_PAGES * PAGE;
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            long address = space.map(sizeBytes);
            assertThat(space.migrate(address, sizeBytes, manager.pool("tier")).there()).isEqualTo(MANY_PAGES);
            long end = System.nanoTime() + LIMIT_NANOS;
            while (manager.statistics().tier().pagesEvicted() < MANY_EVICTED && System.nanoTime() < end) {
                manager.maintain();
            }
            assertThat(manager.statistics().tier().pagesEvicted()).isGreaterThanOrEqualTo(MANY_EVICTED);
            long before = manager.statistics().tier().pagesToDevices();
            while (manager.statistics().tier().pagesToDevices() == before && System.nanoTime() < end) {
                for (long page = address; page < address + sizeBytes; page += PAGE) {
                    accessor.getByte(page);
                }
                manager.maintain();
            }
            assertThat(manager.statistics().tier().pagesToDevices()).isGreaterThan(before);
        }
    }

    @Test
    void nothingComesBackUnlessItWasAskedFor() throws InterruptedException {
        MemoryManager manager = asUsual.manager();
        try (AddressSpace space = manager.newAddressSpace(); Accessor accessor = space.accessor()) {
            long page = evictOne(manager, space);
            for (int turn = 0; turn < 10; turn++) {
                assertThat(accessor.getByte(page)).isEqualTo((byte) 7);
                Thread.sleep(11);
                manager.maintain();
            }
            assertThat(space.pageState(page).place()).isEqualTo(Place.HOST);
        }
    }
}
