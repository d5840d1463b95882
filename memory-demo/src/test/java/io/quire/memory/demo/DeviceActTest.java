package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.softdevice.JavaDevice;
import io.quire.memory.softdevice.SoftwareDevice;
import io.quire.memory.structure.ForkableMap;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceActTest {

    private static final long MAP_BYTES = 2L << 20;
    private static final int FRAMES = 192;

    private final ExpectedMap expected = new ExpectedMap();

    @Test
    void deviceInJavaPassesAllChecks() throws InterruptedException {
        DeviceOutcome outcome = runOnMapOf(300);

        assertThat(outcome.firstFailure()).isNull();
        assertThat(outcome.checksPassed()).isEqualTo(outcome.checks()).isGreaterThan(20);
        assertThat(outcome.moved().pages()).isEqualTo(FRAMES / 3);
        assertThat(outcome.afterForks()).extracting(DeviceOutcome.AfterFork::pagesOffDevice)
                .containsExactly(0L, 0L, (long) FRAMES / 3);
        assertThat(outcome.pressure().pagesEvicted()).isGreaterThanOrEqualTo(FRAMES);
        assertThat(outcome.refusal()).contains("cannot be pinned for long", "pool=java");
    }

    @Test
    void unwrittenPagesMoveToo() throws InterruptedException {
        assertThat(runOnMapOf(3).firstFailure()).isNull();
    }

    @Test
    void unexpectedMapFailsACheck() throws InterruptedException {
        expected.add("elsewhere".getBytes(StandardCharsets.UTF_8), new byte[UpdateNumber.BYTES]);

        DeviceOutcome outcome = runOnMapOf(3);

        assertThat(outcome.isGood()).isFalse();
        assertThat(outcome.firstFailure()).isEqualTo("entries of the map: 3, expected: 4");
    }

    private DeviceOutcome runOnMapOf(int entries) throws InterruptedException {
        SoftwareDevice device = JavaDevice.coherent("java", FRAMES * Units.PAGE_BYTES);
        try (MemoryManager memory = MemoryManager.builder().hostPool(4 * MAP_BYTES)
                .device(device.name(), device.driver()).cowPlacement(CowPlacement.HOST).build();
                AddressSpace live = memory.newAddressSpace("live")) {
            ForkableMap map = ForkableMap.create(live, MAP_BYTES);
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < entries; i++) {
                byte[] key = ("key " + i).getBytes(StandardCharsets.UTF_8);
                byte[] value = new byte[(int) Units.PAGE_BYTES];
                random.nextBytes(value);
                map.put(key, value);
                expected.add(key, value);
            }
            return DeviceAct.run(memory, device, new LoadedMap(live, map.address(), expected));
        }
    }
}
