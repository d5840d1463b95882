package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.OutOfFramesException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Frames run out at every point of a change. A fork shares all pages, so the first write to each page takes a frame.
 */
class ForkableLongMapOutOfFramesTest {

    private static final int PAGE = 4096;
    private static final int FRAMES = 1024;
    private static final long NOTED_AT = 88;

    private final MemoryManager memory = MemoryManager.builder().hostPool(FRAMES * PAGE)
            .backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final AddressSpace hog = memory.newAddressSpace("hog");
    private final long hogged = hog.map(2L * FRAMES * PAGE);
    private final ForkableLongMap map = ForkableLongMap.create(space, 16L << 20);

    @AfterEach
    void close() {
        map.check();
        hog.close();
        space.close();
        while (memory.reclaim(1000) > 0) {}
        assertThat(memory.statistics().usedBytes()).isZero();
        memory.close();
    }

    private void fill(int entries) {
        for (int key = 0; key < entries; key++) {
            map.put(key, -key);
        }
    }

    private static Map<Long, Long> entries(ForkableLongMap map) {
        Map<Long, Long> entries = new HashMap<>();
        map.forEach(entries::put);
        assertThat(map.size()).isEqualTo(entries.size());
        map.check();
        return entries;
    }

    @Test
    void firstPut() {
        assertThat(framesNeeded(changed -> changed.put(1, 10))).isEqualTo(2);
    }

    @Test
    void putOfANewKey() {
        fill(1000);
        assertThat(framesNeeded(changed -> changed.put(-1, 10))).isBetween(2, 3);
    }

    @Test
    void putThatReplacesAValue() {
        fill(1000);
        assertThat(framesNeeded(changed -> changed.addTo(7, 10))).isBetween(2, 3);
    }

    @Test
    void putsThatDivideBuckets() {
        fill(1000);
        assertThat(framesNeeded(changed -> {
            for (int key = -1; key > -100; key--) {
                changed.put(key, key);
            }
        })).isLessThan(20);
    }

    @Test
    void removal() {
        fill(1000);
        assertThat(framesNeeded(changed -> changed.remove(77))).isBetween(2, 3);
    }

    @Test
    void removalsThatMergeBuckets() {
        fill(1000);
        assertThat(framesNeeded(changed -> {
            for (int key = 0; key < 1000; key++) {
                changed.remove(key);
            }
        })).isLessThan(60);
    }

    @Test
    void clear() {
        fill(1000);
        assertThat(framesNeeded(ForkableLongMap::clear)).isEqualTo(1);
    }

    @Test
    void changesAmidWhichNotesAreCounted() {
        fill(3000);
        for (int key = 0; notes() < 380; key++) { // so that some changes need no counting, and then one does
            map.remove(key);
        }
        assertThat(framesNeeded(changed -> {
            for (int key = 2900; key < 3000; key++) {
                changed.addTo(key, 1);
            }
        })).isLessThan(40);
    }

    private long notes() {
        return space.getLong(map.address() + NOTED_AT);
    }

    /** Cleaning after a change has its own steps. If one of them is refused, the change is done all the same. */
    @Test
    void changesThatClean() {
        fill(20_000);
        for (int key = 0; key < 20_000; key++) {
            if (key % 4 != 0) {
                map.remove(key);
            }
        }
        AddressSpace snapshot = space.snapshot();
        assertThat(framesNeeded(changed -> {
            for (int key = 0; key < 200; key += 4) {
                addOrLeave(changed, key);
            }
        })).isGreaterThan(1);
        snapshot.close();
    }

    private static void addOrLeave(ForkableLongMap changed, long key) {
        long before = changed.getOrDefault(key, 0);
        try {
            changed.addTo(key, 1);
        } catch (OutOfFramesException refused) {
            assertThat(changed.getOrDefault(key, 0)).isEqualTo(before);
            throw refused;
        }
    }

    /** Tries changes in forks with 0, 1, 2, ... free frames until they succeed; returns the number of frames. */
    private int framesNeeded(Consumer<ForkableLongMap> changes) {
        Map<Long, Long> before = entries(map);
        Map<Long, Long> after;
        try (AddressSpace child = space.fork()) {
            changes.accept(map.with(child));
            after = entries(map.with(child));
        }
        while (memory.reclaim(1000) > 0) {}
        for (int frames = 0;; frames++) {
            try (AddressSpace child = space.fork()) {
                ForkableLongMap forked = map.with(child);
                leave(frames);
                boolean done = succeeds(() -> changes.accept(forked));
                Map<Long, Long> now = entries(forked);
                if (done) {
                    assertThat(now).isEqualTo(after);
                } else {
                    assertThat(now).allSatisfy((key, value) -> // each change is done or not
                    assertThat(value).isIn(before.get(key), after.get(key)));
                    before.forEach((key, value) -> assertThat(now.containsKey(key) || !after.containsKey(key))
                            .isTrue());
                }
                release();
                if (done) {
                    assertThat(entries(map)).isEqualTo(before);
                    return frames;
                }
                after.keySet().forEach(key -> forked.put(key, after.get(key)));
                now.keySet().stream().filter(key -> !after.containsKey(key)).forEach(forked::remove);
                assertThat(entries(forked)).isEqualTo(after);
                assertThat(entries(map)).isEqualTo(before);
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
}
