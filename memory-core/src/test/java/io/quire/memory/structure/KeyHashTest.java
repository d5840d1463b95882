package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeyHashTest {

    private final KeyHash hasher = new KeyHash(42);

    @Test
    void keysOfZerosDifferByTheirLength() {
        Set<Long> hashes = new HashSet<>();
        for (int length = 0; length < 100; length++) {
            hashes.add(hasher.of(new byte[length]));
        }
        assertThat(hashes).hasSize(100);
    }

    @Test
    void everyBitOfAKeyChangesAboutHalfOfTheHash() {
        byte[] key = new byte[21];
        for (int bit = 0; bit < key.length * 8; bit++) {
            long before = hasher.of(key);
            key[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(Long.bitCount(before ^ hasher.of(key))).as("bit %d", bit).isBetween(12, 52);
        }
    }

    @Test
    void hashesOfConsecutiveNumbersFillTheSlotsEvenly() {
        int[] slots = new int[1024];
        int[] tags = new int[1024];
        for (int i = 0; i < 64 * 1024; i++) {
            long hash = hasher.of(MapModel.bytes("key-" + i));
            slots[(int) hash & 1023]++;
            tags[(int) (hash >>> 54)]++;
        }
        assertThat(Arrays.stream(slots).max().orElseThrow()).isLessThan(110);
        assertThat(Arrays.stream(tags).max().orElseThrow()).isLessThan(110);
    }

    @Test
    void seedChangesTheHash() {
        assertThat(new KeyHash(43).of(new byte[] {1})).isNotEqualTo(hasher.of(new byte[] {1}));
    }

    @Test
    void onlyTheGivenLengthOfAnArrayCounts() {
        byte[] buffer = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
        for (int length = 0; length <= buffer.length; length++) {
            assertThat(hasher.of(buffer, length)).isEqualTo(hasher.of(Arrays.copyOf(buffer, length)));
        }
    }
}
