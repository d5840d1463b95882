package io.quire.memory.bench.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.bench.fixture.DeviceModel;
import io.quire.memory.contract.CowPlacement;
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

    private final Ledger ledger = new Ledger();

    @Test
    void deviceInJavaShowsAllOfIt() throws InterruptedException {
        DeviceShow show = showOnMapOf(300);

        assertThat(show.firstBroken()).isNull();
        assertThat(show.claimsTrue()).isEqualTo(show.claims()).isGreaterThan(20);
        assertThat(show.moved().pages()).isEqualTo(FRAMES / 3);
        assertThat(show.afterForks()).extracting(DeviceShow.AfterFork::pagesOffDevice)
                .containsExactly(0L, 0L, (long) FRAMES / 3);
        assertThat(show.pressure().pagesEvicted()).isGreaterThanOrEqualTo(FRAMES);
        assertThat(show.refusal()).contains("cannot be pinned for long", "pool=java");
    }

    @Test
    void pagesThatWereNeverWrittenMoveToo() throws InterruptedException {
        assertThat(showOnMapOf(3).firstBroken()).isNull();
    }

    @Test
    void mapThatIsNotWhatTheLedgerSaysIsABrokenClaim() throws InterruptedException {
        ledger.add("elsewhere".getBytes(StandardCharsets.UTF_8), new byte[Stamp.BYTES]);

        DeviceShow show = showOnMapOf(3);

        assertThat(show.isGood()).isFalse();
        assertThat(show.firstBroken()).isEqualTo("entries of the map: 3, expected: 4");
    }

    private DeviceShow showOnMapOf(int entries) throws InterruptedException {
        DeviceModel model = DeviceModel.JAVA;
        SoftwareDevice device = model.coherent(FRAMES * Units.PAGE_BYTES);
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
                ledger.add(key, value);
            }
            return DeviceAct.run(memory, model, device, new LoadedMap(live, map.address(), ledger));
        }
    }
}
