package io.quire.memory.structure;

import static io.quire.memory.structure.MapModel.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The words of a map are overwritten at random, also while it is open. Every call must end, with a result or with an
 * exception that the map documents. The pages before and after the region must not change.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForgedMapWordsTest {

    private static final int ROUNDS = Integer.getInteger("memory.forged.rounds", 3_000);
    private static final int SENTINEL_BYTES = 1 << 20;

    /** Size of the mapped addresses: a forged length may be as large as an array can be. */
    private static final long REGION_BYTES = 4L << 30;

    private final long seed = MapModel.seed();
    private final RandomGenerator random = RandomGeneratorFactory.getDefault().create(seed);
    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final long before = sentinel();
    private final ForkableMap map = ForkableMap.create(space, REGION_BYTES);
    private final long behind = sentinel();
    private final byte[] expected = new byte[SENTINEL_BYTES];
    private final byte[] found = new byte[SENTINEL_BYTES];
    private final List<Long> blocks = new ArrayList<>();

    private long sentinel() {
        long address = space.map(SENTINEL_BYTES);
        space.fill(address, SENTINEL_BYTES, (byte) 0x5A);
        return address;
    }

    @AfterEach
    void close() {
        space.close();
        memory.close();
    }

    @Test
    void callsEndAndNothingOutsideIsTouched() {
        Arrays.fill(expected, (byte) 0x5A);
        fill();
        for (int round = 0; round < ROUNDS; round++) {
            String what = "rerun with -Dmemory.seed=" + seed + ", round=" + round;
            try (AddressSpace victim = space.fork()) {
                oneRound(victim);
                if (round % 16 == 0) {
                    assertSentinel(victim, before);
                    assertSentinel(victim, behind);
                }
            } catch (RuntimeException | Error wrong) {
                throw new AssertionError(what, wrong);
            }
        }
    }

    private void assertSentinel(AddressSpace victim, long address) {
        victim.copyTo(address, found, 0, SENTINEL_BYTES);
        assertThat(Arrays.mismatch(expected, found)).isEqualTo(-1);
    }

    private void fill() {
        for (int i = 0; i < 40; i++) {
            map.put(bytes("key" + i), new byte[i * 20]);
        }
        for (int i = 0; i < 40; i += 3) {
            map.remove(bytes("key" + i));
        }
        map.put(bytes("large"), new byte[300_000]);
        for (long block = MapHeader.BYTES; block < map.usedBytes();) {
            blocks.add(block);
            block += SizeClasses.bytes(BlockHeader.sizeClass(word(space, block)));
        }
    }

    private void oneRound(AddressSpace victim) {
        try (Accessor accessor = victim.accessor()) {
            MemoryAccess access = random.nextBoolean() ? accessor : victim;
            ForkableMap open = ForkableMap.open(access, map.address());
            if (random.nextBoolean()) {
                open.put(bytes("first"), new byte[10]); // its writer knows the map from before
            }
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                overwrite(victim);
            }
            useAll(open);
            attempt(() -> useAll(ForkableMap.open(access, map.address())));
        }
    }

    private void overwrite(AddressSpace victim) {
        switch (random.nextInt(8)) {
            case 0 -> forgeJournal(victim);
            case 1, 2 -> set(victim, 8L * random.nextInt(16), wild());
            case 3 -> set(victim, MapHeader.freeListAt(random.nextInt(SizeClasses.COUNT)), wild());
            case 4, 5 -> set(victim, anyBlock() + 8L * random.nextInt(3), wild());
            default -> {
                long table = word(victim, MapHeader.TABLE_AT);
                if (TableWord.isSane(table, REGION_BYTES)) {
                    set(victim, SlotTable.slotAt(table, random.nextInt(128)), wild());
                }
            }
        }
    }

    private void forgeJournal(AddressSpace victim) {
        int writes = random.nextInt(1, 5);
        for (int i = 0; i < writes; i++) {
            set(victim, MapHeader.JOURNAL_AT + 16L * i, wild());
            set(victim, MapHeader.JOURNAL_AT + 16L * i + 8, wild());
        }
        long state = word(victim, MapHeader.STATE_AT);
        set(victim, MapHeader.STATE_AT, StateWord.commit(state, random.nextInt(8) == 0 ? 1023 : writes));
    }

    private long anyBlock() {
        return blocks.get(random.nextInt(blocks.size()));
    }

    private long wild() {
        return switch (random.nextInt(14)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> random.nextInt(64);
            case 3 -> (before - map.address() + random.nextInt(SENTINEL_BYTES)) & -16;
            case 4 -> (behind - map.address() + random.nextInt(SENTINEL_BYTES)) & -16;
            case 5 -> anyBlock();
            case 6 -> anyBlock() + 16;
            case 7 -> BlockHeader.of(random.nextInt(1, 4), random.nextInt(256), random.nextInt(100));
            case 8 -> (long) random.nextInt(70_000) << 32 | random.nextInt() >>> random.nextInt(31);
            case 9 -> Integer.MAX_VALUE;
            case 10 -> TableWord.of(anyBlock(), random.nextInt(64));
            case 11 -> EntrySlot.of(random.nextLong(), anyBlock());
            case 12 -> REGION_BYTES - 16L * random.nextInt(4);
            default -> random.nextLong() >>> random.nextInt(64);
        };
    }

    private void useAll(ForkableMap damaged) {
        attempt(damaged::size);
        attempt(damaged::usedBytes);
        attempt(damaged::valueBytes);
        for (int i = 0; i < 6; i++) {
            byte[] key = bytes("key" + random.nextInt(40));
            byte[] value = new byte[random.nextInt(2000)];
            attempt(() -> damaged.get(key));
            attempt(() -> damaged.put(key, value));
            attempt(() -> damaged.remove(key));
        }
        attempt(() -> damaged.get(bytes("large")));
        attempt(() -> damaged.put(bytes("large"), new byte[random.nextInt(400_000)]));
        attempt(() -> damaged.forEach((key, value) -> {}));
        if (random.nextInt(4) == 0) {
            attempt(damaged::clear);
            attempt(() -> damaged.put(bytes("again"), new byte[100]));
        }
    }

    private static void attempt(Runnable call) {
        try {
            call.run();
        } catch (IllegalStateException | IllegalArgumentException | MemoryException refused) {
            assertThat(refused).hasMessageContaining("=");
        }
    }

    private long word(AddressSpace in, long offset) {
        return in.getLong(map.address() + offset);
    }

    private void set(AddressSpace in, long offset, long value) {
        in.setLong(map.address() + offset, value);
    }
}
