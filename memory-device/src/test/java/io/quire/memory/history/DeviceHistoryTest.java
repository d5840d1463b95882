package io.quire.memory.history;

import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.testkit.Seed;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random histories of spaces, devices and pins, compared with a model after each step. */
@ExtendWith(Seed.class)
class DeviceHistoryTest {

    /** Makes the histories longer than in a build: {@code -Dmemory.history=100}. */
    private static final int FACTOR = Integer.getInteger("memory.history", 1);
    private static final int STEPS = 800 * FACTOR;

    @RepeatedTest(8)
    void spacesOverFourDevicesAgreeWithTheModel(SplittableRandom random) {
        play(random, tiers(random, 4 << 20, false), false);
    }

    /** Promotion depends on time, so a seed does not repeat these histories exactly. */
    @RepeatedTest(3)
    void promotedPagesAgreeWithTheModel(SplittableRandom random) {
        play(random, tiers(random, 4 << 20, true), false);
    }

    @RepeatedTest(4)
    void closedDevicesLoseNothing(SplittableRandom random) {
        play(random, tiers(random, 4 << 20, false), true);
    }

    @RepeatedTest(4)
    void aHostThatIsFullAgainAndAgainLosesNothing(SplittableRandom random) {
        play(random, tiers(random, random.nextLong(60, 200) << 12, false), false);
    }

    private static void play(SplittableRandom random, TieredManager tiers, boolean closesDevices) {
        try (tiers) {
            DeviceHistory history = new DeviceHistory(tiers, random, closesDevices);
            history.play(STEPS);
            history.finish();
        }
    }

    /** Devices of every kind that fill up soon. */
    private static TieredManager tiers(SplittableRandom random, long hostBytes, boolean promotion) {
        LongTermPolicy policy = random.nextBoolean() ? LongTermPolicy.MIGRATE : LongTermPolicy.REFUSE;
        return new TieredManager(
                builder -> builder.hostPool(hostBytes).longTermPolicy(policy).promotion(promotion),
                TieredManager.device("coherent", PoolKind.DEVICE_COHERENT, random.nextInt(6, 40)),
                TieredManager.device("private", PoolKind.DEVICE_PRIVATE, random.nextInt(6, 40)),
                TieredManager.javaDevice("javacoherent", PoolKind.DEVICE_COHERENT, random.nextInt(6, 40)),
                TieredManager.javaDevice("javaprivate", PoolKind.DEVICE_PRIVATE, random.nextInt(6, 40)));
    }
}
