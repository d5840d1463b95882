package io.quire.memory.softdevice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs with native access and without. */
@Tag("portable")
class NativeAvailabilityTest {

    @Test
    void missingNativeDeviceIsReportedWithTheRemedy() {
        assertThat(NativeDevice.isAvailable()).isEqualTo(NativeDevice.whyUnavailable().isEmpty());
        if (NativeDevice.class.getModule().isNativeAccessEnabled()) {
            return;
        }
        assertThat(NativeDevice.whyUnavailable()).contains("--enable-native-access=ALL-UNNAMED");
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> NativeDevice.coherent("card", 4096)).withMessageContaining("--enable-native-access");
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> NativeDevice.privateMemory("card", 4096));
    }
}
