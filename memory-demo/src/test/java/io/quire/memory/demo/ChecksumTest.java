package io.quire.memory.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChecksumTest {

    private final Checksum checksum = new Checksum(Checksum::entryHash);
    private final Checksum other = new Checksum(Checksum::entryHash);

    @Test
    void orderOfEntriesDoesNotMatter() {
        checksum.add(key("a"), value(1, "first"));
        checksum.add(key("b"), value(2, "second"));
        other.add(key("b"), value(2, "second"));
        other.add(key("a"), value(1, "first"));

        assertThat(checksum.sum()).isEqualTo(other.sum()).isNotZero();
        assertThat(checksum.entries()).isEqualTo(2);
    }

    @Test
    void swappedValuesAreNoticed() {
        checksum.add(key("a"), value(0, "first"));
        checksum.add(key("b"), value(0, "second"));
        other.add(key("a"), value(0, "second"));
        other.add(key("b"), value(0, "first"));

        assertThat(checksum.sum()).isNotEqualTo(other.sum());
    }

    @Test
    void everyBitOfAnEntryMatters() {
        byte[] key = key("java.base/java/lang/Object.class");
        byte[] value = value(7, "a value whose length is no multiple of eight");
        Set<Long> hashes = new HashSet<>(Set.of(Checksum.entryHash(key, value)));

        int bits = addWithEachBitFlipped(hashes, key, key, value)
                + addWithEachBitFlipped(hashes, value, key, value);

        assertThat(hashes).hasSize(1 + bits);
    }

    @Test
    void boundaryOfKeyAndValueMatters() {
        assertThat(Checksum.entryHash(key("ab"), key("c")))
                .isNotEqualTo(Checksum.entryHash(key("a"), key("bc")));
    }

    @Test
    void zerosAtTheEndMatter() {
        assertThat(Checksum.entryHash(key("a"), new byte[8]))
                .isNotEqualTo(Checksum.entryHash(key("a"), new byte[9]));
    }

    @Test
    void newestUpdateIsTheHighestNumber() {
        assertThat(checksum.newestUpdate()).isZero();

        checksum.add(key("a"), value(5, ""));
        checksum.add(key("b"), value(9, ""));
        checksum.add(key("c"), value(0, ""));

        assertThat(checksum.newestUpdate()).isEqualTo(9);
    }

    @Test
    void expectedMapKnowsItsChecksumAfterAnEntryIsReplaced() {
        ExpectedMap expected = new ExpectedMap();
        for (int i = 0; i < 3000; i++) {
            expected.add(key("key " + i), value(0, "old " + i));
        }
        long replaced = expected.replace(1234, Checksum.entryHash(key("key 1234"), value(1, "new")));

        for (int i = 0; i < 3000; i++) {
            checksum.add(key("key " + i), i == 1234 ? value(1, "new") : value(0, "old " + i));
        }
        assertThat(checksum.sum()).isEqualTo(replaced).isEqualTo(expected.checksum());
    }

    private static int addWithEachBitFlipped(Set<Long> hashes, byte[] bytes, byte[] key, byte[] value) {
        for (int bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
            bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
            hashes.add(Checksum.entryHash(key, value));
            bytes[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        }
        return bytes.length * Byte.SIZE;
    }

    private static byte[] key(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(long update, String text) {
        byte[] content = key(text);
        byte[] value = new byte[UpdateNumber.BYTES + content.length];
        UpdateNumber.set(value, update);
        System.arraycopy(content, 0, value, UpdateNumber.BYTES, content.length);
        return value;
    }
}
