package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A call that throws has changed nothing: a device failed, or the stack ended. */
class ForkableLongMapRefusalTest {

    private static final int ENTRIES = 500;

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(16L << 20).device("near", near)
            .watermarks(0, 0).backgroundAgent(false));

    private AddressSpace space;
    private DeviceMirror mirror;
    private ForkableLongMap map;

    @BeforeEach
    void fill() {
        space = leaks.manager().newAddressSpace("mirrored");
        mirror = leaks.manager().device("near").attach(space).mirror();
        map = ForkableLongMap.create(space, 4L << 20);
        for (long key = 0; key < ENTRIES; key++) {
            map.put(key, -key);
        }
    }

    @AfterEach
    void close() {
        map.check();
        space.close();
    }

    private static Map<Long, Long> entries(ForkableLongMap map) {
        Map<Long, Long> entries = new HashMap<>();
        map.forEach(entries::put);
        assertThat(map.size()).isEqualTo(entries.size());
        map.check();
        return entries;
    }

    /**
     * Makes each call of the device fail in turn, while a fork shares every page, so that each write copies its page.
     */
    private void failEachCall(Consumer<ForkableLongMap> change) {
        Map<Long, Long> before = entries(map);
        for (int nth = 1;; nth++) {
            try (AddressSpace child = space.fork(); AddressSpace model = space.fork()) {
                change.accept(map.with(model));
                for (long page = 0; page < map.usedBytes(); page += 4096) {
                    near.load(mirror, map.address() + page); // now the device must be told of changes
                }
                int calls = near.count(Call.START);
                near.on(Call.START, nth, RecordingDriver::failing);
                boolean done = succeeds(() -> change.accept(map));
                int told = near.count(Call.START) - calls;
                near.on(Call.START, Math.max(nth - told, 1), () -> true);
                assertThat(entries(map)).isEqualTo(done ? entries(map.with(model)) : before);
                assertThat(entries(map.with(child))).isEqualTo(before);
                if (done && told < nth) {
                    return;
                }
                before = entries(map);
            }
        }
    }

    private static boolean succeeds(Runnable change) {
        try {
            change.run();
            return true;
        } catch (DriverFailedException refused) {
            return false;
        }
    }

    @Test
    void putWhileADeviceFails() {
        failEachCall(changed -> changed.addTo(7, 1));
    }

    @Test
    void putOfNewKeysWhileADeviceFails() {
        int[] next = {ENTRIES};
        failEachCall(changed -> changed.put(next[0]++ / 2, 1));
    }

    @Test
    void removalWhileADeviceFails() {
        int[] next = {0};
        failEachCall(changed -> changed.remove(next[0]++ / 2));
    }

    @Test
    void clearWhileADeviceFails() {
        failEachCall(ForkableLongMap::clear);
        for (long key = 0; key < ENTRIES; key++) {
            map.put(key, -key);
        }
    }

    @Test
    void changesNearTheEndOfTheStackAreDoneOrNotDoneAndLeaveNoLock() throws InterruptedException {
        int[] threw = {0};
        Threads.elsewhere(512 << 10, () -> {
            try (Accessor accessor = space.accessor()) {
                ForkableLongMap mine = map.with(accessor);
                for (int i = 0; i < 4_000; i++) { // until everything is compiled
                    mine.put(-1, i);
                    mine.remove(-2 - i % 100);
                    mine.put(-2 - i % 100, i);
                }
                for (int i = 1; i < 600; i++) {
                    long value = -i;
                    long before = mine.getOrDefault(-1, 0);
                    AddressSpace child = i % 4 == 0 ? space.fork() : null;
                    boolean hasEnded = StackEnd.above(i, () -> mine.put(-1, value));
                    boolean isAdded = !StackEnd.above(i, () -> mine.put(-1000, value));
                    StackEnd.above(i, () -> mine.remove(-1000));
                    threw[0] += hasEnded ? 1 : 0;
                    assertThat(mine.getOrDefault(-1, 0)).as("%d", i).isIn(value, hasEnded ? before : value);
                    assertThat(isAdded || mine.size() <= ENTRIES + 102).isTrue();
                    if (child != null) {
                        child.close();
                    }
                }
            }
        });
        assertThat(threw[0]).isPositive();
        map.put(1, 10); // by another thread
    }
}
