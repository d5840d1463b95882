package io.quire.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.contract.PageState;
import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("portable")
class SkeletonDriverTest {

    private static final long ADDRESS = 1 << 20;

    /** A space in which the device has exclusive access to every page, and gets no memory: they are in frame 2. */
    private static final class ExclusiveSpace implements DeviceMirror {

        private int faults;

        @Override
        public long id() {
            return 1;
        }

        @Override
        public String spaceName() {
            return "exclusive";
        }

        @Override
        public Translations fault(long address, int pages, DeviceAccess access) {
            faults++;
            return new Translations(0, List.of(new PageTranslation(address, 2, null, DeviceAccess.ATOMIC)));
        }

        @Override
        public List<PageState> snapshot(long address, int pages) {
            return List.of();
        }
    }

    /** A translation may allow more than was asked for, and one of a private device has the number of a frame alone. */
    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void translationForAtomicAccessServesReadsAndWrites() {
        SkeletonDriver driver = new SkeletonDriver(4 * 4096);
        ExclusiveSpace mirror = new ExclusiveSpace();
        driver.attached(mirror);
        driver.store(mirror, ADDRESS + 8, 42);
        assertThat(driver.load(mirror, ADDRESS + 8)).isEqualTo(42);
        assertThat(mirror.faults).isEqualTo(1);
    }
}
