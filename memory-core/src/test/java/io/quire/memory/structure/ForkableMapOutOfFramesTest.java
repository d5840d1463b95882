package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.OutOfFramesException;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Frames run out at every point of a change. A fork shares all pages, so the first write to each page takes a frame.
 */
class ForkableMapOutOfFramesTest {

    private static final int PAGE = 4096;
    private static final int FRAMES = 1024;

    private final MemoryManager memory = MemoryManager.builder().hostPool(FRAMES * PAGE)
            .backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final AddressSpace hog = memory.newAddressSpace("hog");
    private final long hogged = hog.map(2L * FRAMES * PAGE);
    private final ForkableMap map = ForkableMap.create(space, 16L << 20);
    private final MapModel model = new MapModel();

    @AfterEach
    void close() {
        hog.close();
        space.close();
        while (memory.reclaim(1000) > 0) {}
        assertThat(memory.statistics().usedBytes()).isZero();
        memory.close();
    }

    @Test
    void firstPut() {
        assertThat(framesNeeded((changed, after) -> after.put(changed, bytes("key"), bytes("value"))))
                .isEqualTo(2);
    }

    @Test
    void putOfManyPages() {
        fill(10);
        assertThat(framesNeeded((changed, after) -> after.put(changed, bytes("key"), new byte[60_000])))
                .isGreaterThan(14);
    }

    @Test
    void putOfMorePagesThanThereAreGivesThemBack() {
        fill(10);
        leave(100);
        long before = usedBytes();
        assertThatThrownBy(() -> map.put(bytes("key"), new byte[600_000]))
                .isInstanceOf(OutOfFramesException.class);
        assertThat(usedBytes()).isLessThanOrEqualTo(before + 3 * PAGE);
        model.check(map);
    }

    @Test
    void putThatReplacesAnEntryOnAnotherPage() {
        for (int i = 0; i < 10; i++) {
            model.put(map, bytes("key" + i), new byte[3000]);
        }
        assertThat(framesNeeded((changed, after) -> after.put(changed, bytes("key4"), new byte[3000])))
                .isGreaterThan(3);
    }

    @Test
    void putThatReplacesTheTable() {
        fill(1536);
        assertThat(framesNeeded((changed, after) -> after.put(changed, bytes("new"), bytes("value"))))
                .isGreaterThan(8);
    }

    @Test
    void removal() {
        fill(1000);
        assertThat(framesNeeded((changed, after) -> after.remove(changed, bytes("key777")))).isBetween(2, 3);
    }

    @Test
    void clear() {
        fill(1000);
        assertThat(framesNeeded((changed, after) -> after.clear(changed))).isEqualTo(1);
    }

    private void fill(int entries) {
        for (int i = 0; i < entries; i++) {
            model.put(map, bytes("key" + i), bytes("value" + i));
        }
    }

    /** Tries a change in forks with 0, 1, 2, ... free frames until it succeeds; returns the number of frames. */
    private int framesNeeded(BiConsumer<ForkableMap, MapModel> change) {
        for (int frames = 0;; frames++) {
            try (AddressSpace child = space.fork()) {
                ForkableMap forked = ForkableMap.open(child, map.address());
                MapModel after = model.copy();
                leave(frames);
                boolean done = succeeds(() -> change.accept(forked, after));
                (done ? after : model).check(forked);
                release();
                if (done) {
                    return frames;
                }
                change.accept(forked, after);
                after.check(forked);
                model.check(map);
            }
        }
    }

    private static boolean succeeds(Runnable change) {
        try {
            change.run();
            return true;
        } catch (OutOfFramesException refused) {
            return false;
        }
    }

    /** Takes all frames except some. */
    private void leave(int frames) {
        long page = 0;
        try {
            for (;; page++) {
                hog.setLong(hogged + page * PAGE, 1);
            }
        } catch (OutOfFramesException full) {
            if (frames > 0) {
                hog.discard(hogged, (long) frames * PAGE);
            }
        }
        while (memory.reclaim(1000) > 0) {}
        assertThat(memory.statistics().freeBytes()).isEqualTo((long) frames * PAGE);
    }

    private void release() {
        hog.discard(hogged, 2L * FRAMES * PAGE);
    }

    private long usedBytes() {
        while (memory.reclaim(1000) > 0) {}
        return memory.statistics().usedBytes();
    }

    // ---- frames run out after the commit, because of a fork at that moment

    @Test
    void changeThatCannotBeAppliedIsDoneAndPending() {
        fill(10);
        Region region = MapHeader.locate(space, space, map.address());
        Journal journal = new Journal(region);
        Overlay change = Overlay.withRoom(region, 1);
        change.set(MapHeader.VALUE_BYTES_AT, 1234);
        journal.commit(change);
        try (AddressSpace child = space.fork()) {
            leave(0);
            assertThatThrownBy(() -> journal.apply(change)).isInstanceOf(OutOfFramesException.class);
            assertThat(map.valueBytes()).isEqualTo(1234);
            assertThat(ForkableMap.open(child, map.address()).valueBytes()).isEqualTo(1234);
            assertThat(space.getLong(map.address() + MapHeader.VALUE_BYTES_AT)).isEqualTo(60);
            assertThatThrownBy(() -> map.remove(bytes("key1"))).isInstanceOf(OutOfFramesException.class);
            release();
            map.put(bytes("key1"), new byte[106]);
            assertThat(map.valueBytes()).isEqualTo(1334);
        }
        assertThat(space.getLong(map.address() + MapHeader.STATE_AT) & 1023).isZero();
    }
}
