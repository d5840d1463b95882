package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.space.ReadSection;
import io.quire.memory.space.SpaceFinder;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LongBucketTest {

    private final MemoryManager memory = MemoryManager.builder().hostPool(1 << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final long address = space.map(4096);
    private final ReadSection section = SpaceFinder.newSection(space);
    private final long[] bucket = new long[LongBucket.WORDS];

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    /** The slot that a reader finds, and that the writer has to find, too. */
    private int find(long key, int tag) {
        space.copyFrom(MemorySegment.ofArray(bucket), 0, address, LongBucket.BYTES);
        int slot = LongBucket.find(section, section.at(address), key, tag);
        assertThat(LongBucket.find(bucket, key, tag)).isEqualTo(slot);
        return slot;
    }

    @Test
    void tagIsNeverThatOfASlotWithoutEntry() {
        for (long high = 0; high < 256; high++) {
            int tag = LongBucket.tag(high << 56 | 0x12_3456);
            assertThat(tag).isEqualTo(high < 2 ? (int) high + 2 : (int) high).isBetween(2, 255);
        }
    }

    @Test
    void everyTagIsFoundInEverySlotAmongNeighboursThatDifferByOneBit() {
        for (int tag = 2; tag < 256; tag++) {
            for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
                for (int other = LongBucket.FIRST_SLOT; other <= LongBucket.SLOTS; other++) {
                    LongBucket.set(bucket, other, 7, other, tag ^ 1 << other % 8);
                }
                LongBucket.set(bucket, slot, 7, 70, tag);
                assertThat(find(7, tag)).isEqualTo(slot);
                assertThat(LongBucket.value(bucket, slot)).isEqualTo(70);
            }
        }
    }

    @Test
    void keyIsFoundAmongOthersOfTheSameTag() {
        for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
            LongBucket.set(bucket, slot, 100 + slot, slot, 255);
        }
        for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
            assertThat(find(100 + slot, 255)).isEqualTo(slot);
        }
        assertThat(find(100, 255)).isEqualTo(LongBucket.NO_SLOT);
        assertThat(find(101, 254)).isEqualTo(LongBucket.NO_SLOT);
    }

    @Test
    void removedEntryIsNotFoundAndItsSlotIsFilledLast() {
        for (int slot = LongBucket.FIRST_SLOT; slot <= LongBucket.SLOTS; slot++) {
            assertThat(LongBucket.vacancy(bucket)).isEqualTo(slot);
            LongBucket.set(bucket, slot, slot, 0, 5);
            assertThat(LongBucket.count(bucket)).isEqualTo(slot);
        }
        assertThat(LongBucket.vacancy(bucket)).isEqualTo(LongBucket.NO_SLOT);
        LongBucket.setTag(bucket, 3, LongBucket.REMOVED);
        assertThat(find(3, 5)).isEqualTo(LongBucket.NO_SLOT);
        assertThat(LongBucket.vacancy(bucket)).isEqualTo(3);
        LongBucket.setTag(bucket, 15, LongBucket.NEVER_USED);
        assertThat(LongBucket.vacancy(bucket)).isEqualTo(15);
        assertThat(LongBucket.count(bucket)).isEqualTo(13);
    }

    @Test
    void emptyBucketHasNoKey() {
        for (int tag = 2; tag < 256; tag++) {
            assertThat(find(0, tag)).isEqualTo(LongBucket.NO_SLOT);
        }
    }
}
