package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.RecordingDriver;
import io.quire.memory.testkit.RecordingDriver.Call;
import io.quire.memory.testkit.StackEnd;
import io.quire.memory.testkit.Threads;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A call that throws has changed nothing: a device failed, the stack ended, or an argument was null. */
class ForkableMapRefusalTest {

    @Order(1)
    @RegisterExtension
    final RecordingDriver.Coherent near = new RecordingDriver.Coherent(64);

    @Order(2)
    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(builder -> builder.hostPool(16L << 20).device("near", near)
            .watermarks(0, 0).backgroundAgent(false));

    private AddressSpace space;
    private DeviceMirror mirror;
    private ForkableMap map;
    private final MapModel model = new MapModel();

    @BeforeEach
    void fill() {
        space = leaks.manager().newAddressSpace("mirrored");
        mirror = leaks.manager().device("near").attach(space).mirror();
        map = ForkableMap.create(space, 4L << 20);
        for (int i = 0; i < 20; i++) {
            model.put(map, bytes("key" + i), new byte[70_000]);
        }
    }

    @AfterEach
    void close() {
        model.check(map);
        space.close();
    }

    /**
     * Makes each call of the device fail in turn, while a fork shares every page, so that each write copies its page.
     */
    private void failEachCall(BiConsumer<ForkableMap, MapModel> change) {
        for (int nth = 1;; nth++) {
            try (AddressSpace child = space.fork()) {
                for (long page = 0; page < map.usedBytes(); page += 4096) {
                    near.load(mirror, map.address() + page); // now the device must be told of changes
                }
                int before = near.count(Call.START);
                near.on(Call.START, nth, RecordingDriver::failing);
                MapModel after = model.copy();
                boolean done = succeeds(() -> change.accept(map, after));
                int told = near.count(Call.START) - before;
                near.on(Call.START, Math.max(nth - told, 1), () -> true);
                (done ? after : model).check(map);
                model.check(ForkableMap.open(child, map.address()));
                if (done) {
                    model.become(after);
                    if (told < nth) {
                        return;
                    }
                }
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
    void putThatReplacesALargeValueWhileADeviceFails() {
        failEachCall((changed, after) -> after.put(changed, bytes("key7"), bytes("small")));
    }

    @Test
    void removalWhileADeviceFails() {
        int[] next = {0};
        failEachCall((changed, after) -> after.remove(changed, bytes("key" + next[0]++)));
    }

    @Test
    void clearWhileADeviceFails() {
        failEachCall((changed, after) -> after.clear(changed));
    }

    @Test
    @SuppressWarnings({"DataFlowIssue", "NullAway"})
    void nullIsRefusedBeforeAnythingChanges() {
        assertThatNullPointerException().isThrownBy(() -> ForkableMap.create(null, 8192)).withMessage("space");
        assertThatNullPointerException().isThrownBy(() -> ForkableMap.open(null, 4096)).withMessage("access");
        assertThatNullPointerException().isThrownBy(() -> map.with(null)).withMessage("access");
        assertThatNullPointerException().isThrownBy(() -> map.get(null)).withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> map.containsKey(null)).withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> map.put(null, new byte[1])).withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> map.put(new byte[1], null)).withMessage("value");
        assertThatNullPointerException().isThrownBy(() -> map.remove(null)).withMessage("key");
        assertThatNullPointerException().isThrownBy(() -> map.forEach(null)).withMessage("action");
    }

    @Test
    void putNearTheEndOfTheStackIsDoneOrNotDoneAndLeavesNoLock() throws InterruptedException {
        int[] threw = {0};
        Threads.elsewhere(512 << 10, () -> {
            try (Accessor accessor = space.accessor()) {
                ForkableMap mine = map.with(accessor);
                for (int i = 0; i < 4_000; i++) { // until everything is compiled
                    mine.put(bytes("deep"), bytes("0"));
                }
                for (int i = 1; i < 600; i++) {
                    byte[] value = bytes("" + i);
                    byte[] before = mine.get(bytes("deep"));
                    boolean hasEnded = StackEnd.above(i, () -> mine.put(bytes("deep"), value));
                    threw[0] += hasEnded ? 1 : 0;
                    assertThat(mine.get(bytes("deep"))).as("%d", i).isEqualTo(hasEnded ? before : value);
                }
                mine.remove(bytes("deep"));
            }
        });
        assertThat(threw[0]).isPositive();
        model.put(map, bytes("key1"), bytes("by another thread"));
    }
}
