package io.quire.memory.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryAccess;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.testkit.Seed;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The words of a map are overwritten at random, also while it is open. Every call must end, with a result or with an
 * exception that the map documents. The pages before and behind the region must not change.
 */
@ExtendWith(Seed.class)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ForgedLongMapWordsTest {

    private static final int ROUNDS = Integer.getInteger("memory.forged.rounds", 3_000);
    private static final int SENTINEL_BYTES = 1 << 20;
    private static final int REGION_BYTES = 1 << 20;
    private static final int KEYS = 3_000;
    private static final int ROOT_AT = 40;
    private static final int ENTRIES_AT = 48;
    private static final int COUNTS_AT = 4096;
    private static final int FIRST_NODE_AT = 8192;

    private final MemoryManager memory = MemoryManager.builder().hostPool(64L << 20).backgroundAgent(false).build();
    private final AddressSpace space = memory.newAddressSpace();
    private final long before = sentinel();
    private final ForkableLongMap map = ForkableLongMap.create(space, REGION_BYTES);
    private final long behind = sentinel();
    private final byte[] expected = new byte[SENTINEL_BYTES];
    private final byte[] found = new byte[SENTINEL_BYTES];

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

    private void fill() {
        for (int key = 0; key < KEYS; key++) {
            map.put(key, -key);
        }
        for (int key = 0; key < KEYS; key += 2) {
            map.remove(key);
        }
    }

    @Test
    void callsEndAndNothingOutsideIsTouched(SplittableRandom random) {
        Arrays.fill(expected, (byte) 0x5A);
        fill();
        for (int round = 0; round < ROUNDS; round++) {
            try (AddressSpace victim = space.fork()) {
                oneRound(victim, random);
                if (round % 16 == 0) {
                    assertSentinel(victim, before);
                    assertSentinel(victim, behind);
                }
            } catch (RuntimeException | Error wrong) {
                throw new AssertionError("round=" + round, wrong);
            }
        }
    }

    private void assertSentinel(AddressSpace victim, long address) {
        victim.copyTo(address, found, 0, SENTINEL_BYTES);
        assertThat(Arrays.mismatch(expected, found)).isEqualTo(-1);
    }

    private void oneRound(AddressSpace victim, SplittableRandom random) {
        try (Accessor accessor = victim.accessor()) {
            MemoryAccess access = random.nextBoolean() ? accessor : victim;
            ForkableLongMap open = map.with(access);
            if (random.nextBoolean()) {
                open.put(-1, 1); // its writer knows the map from before
            }
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                overwrite(victim, random);
            }
            useAll(open, random);
            attempt(() -> useAll(ForkableLongMap.open(access, map.address()), random));
        }
    }

    private void overwrite(AddressSpace victim, SplittableRandom random) {
        switch (random.nextInt(8)) {
            case 0 -> setLong(victim, 8 * random.nextInt(24), wild(random));
            case 1 -> setInt(victim, 192 + 4 * random.nextInt(64), ref(random));
            case 2 -> setLong(victim, 512 + 8 * random.nextInt(448), note(random));
            case 3 -> setLong(victim, 88, random.nextInt(449));
            case 4 -> victim.setShort(map.address() + COUNTS_AT + 2 * random.nextInt(REGION_BYTES >> 12),
                    (short) random.nextInt());
            case 5 -> setLong(victim, anyNode(random), wild(random));
            case 6 -> {
                int root = victim.getInt(map.address() + ROOT_AT) << 4 & REGION_BYTES - 64; // may be forged by now
                setInt(victim, root + 4 * random.nextInt(16), ref(random));
            }
            default -> setInt(victim, anyNode(random), ref(random));
        }
    }

    private static int anyNode(SplittableRandom random) {
        return FIRST_NODE_AT + 4 * random.nextInt(20_000) & -8;
    }

    private static long note(SplittableRandom random) {
        return (long) random.nextInt(260) << 32 | ref(random);
    }

    private static int ref(SplittableRandom random) {
        int ref = random.nextInt(random.nextBoolean() ? 5_000 : 80_000) & (random.nextBoolean() ? -16 : -4);
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt();
            case 1 -> ref | Integer.MIN_VALUE;
            default -> ref;
        };
    }

    private static long wild(SplittableRandom random) {
        return switch (random.nextInt(7)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> random.nextInt(300);
            case 3 -> Integer.toUnsignedLong(ref(random));
            case 4 -> (long) random.nextInt(300) << 9 | random.nextInt(300);
            case 5 -> Integer.MAX_VALUE;
            default -> random.nextLong() >>> random.nextInt(64);
        };
    }

    private static void useAll(ForkableLongMap damaged, SplittableRandom random) {
        attempt(damaged::size);
        attempt(damaged::usedBytes);
        for (int i = 0; i < 20; i++) {
            long key = random.nextInt(KEYS + 1000);
            attempt(() -> damaged.getOrDefault(key, 1));
            attempt(() -> damaged.put(key, 1));
            attempt(() -> damaged.addTo(key + 1, 1));
            attempt(() -> damaged.remove(key / 2));
        }
        attempt(() -> damaged.forEach((key, value) -> {}));
        if (random.nextInt(4) == 0) {
            attempt(damaged::clear);
            attempt(() -> damaged.put(1, 1));
        }
    }

    private static void attempt(Runnable call) {
        try {
            call.run();
        } catch (IllegalStateException damage) {
            assertThat(damage).hasMessageContaining("is damaged");
        } catch (IllegalArgumentException | MemoryException refused) {
            assertThat(refused).hasMessageContaining("=");
        }
    }

    private void setLong(AddressSpace in, int offset, long value) {
        in.setLong(map.address() + offset, value);
    }

    private void setInt(AddressSpace in, int offset, int value) {
        in.setInt(map.address() + offset, value);
    }

    @Test
    void referencesThatLeadInCirclesAreNotFollowedForever() {
        fill();
        int root = space.getInt(map.address() + ROOT_AT);
        for (int i = 0; i < 16; i += 2) {
            setInt(space, (root << 4) + 4 * i, root);
        }
        assertThatIllegalStateException().isThrownBy(() -> map.forEach((key, value) -> {}))
                .withMessageContaining("is damaged");
        for (int key = 0; key < KEYS; key++) {
            long each = key;
            attempt(() -> map.getOrDefault(each, 1));
            attempt(() -> map.put(each, 1));
            attempt(() -> map.remove(each));
        }
    }

    @Test
    void recountNoticesWhatDoesNotAddUp() {
        fill();
        map.check();
        setLong(space, ENTRIES_AT, map.size() + 1);
        assertThatIllegalStateException().isThrownBy(map::check).withMessageContaining("entries and says");
    }
}
