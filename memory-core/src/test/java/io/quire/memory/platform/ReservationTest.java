package io.quire.memory.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class ReservationTest {

    @Test
    void memoryIsAlignedToHugePagesZeroedAndOfTheSizeAskedFor() {
        for (long size : new long[] {1, 4096, (2 << 20) - 1, 5 << 20}) {
            try (Reservation reservation = Reservation.of(size)) {
                MemorySegment memory = reservation.segment();
                assertThat(memory.byteSize()).isEqualTo(size);
                assertThat(memory.address() % (2 << 20)).isZero();
                assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isZero();
                memory.fill((byte) 1);
                assertThat(memory.get(ValueLayout.JAVA_BYTE, size - 1)).isEqualTo((byte) 1);
            }
        }
    }

    @Test
    void availableMemoryIsPositive() {
        assertThat(MachineMemory.availableBytes()).isPositive();
    }
}
