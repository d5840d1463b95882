package io.quire.memory.history;

import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PoolKind;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random histories over spaces, devices and pins, compared with a model after each step. */
@ExtendWith(Seed.class)
class HistoryTest {

    /** How many times as long as in a build: {@code -Dmemory.history=100}. */
    private static final int FACTOR = Integer.getInteger("memory.history", 1);
    private static final int STEPS = 800 * FACTOR;

    @RepeatedTest(8)
    void spacesOverFourDevicesAgreeWithTheModel(SplittableRandom random) {
        play(random, 4 << 20, false);
    }

    @RepeatedTest(4)
    void devicesThatAreClosedTakeNothingWithThem(SplittableRandom random) {
        play(random, 4 << 20, true);
    }

    @RepeatedTest(4)
    void aHostThatIsFullAgainAndAgainLosesNothing(SplittableRandom random) {
        play(random, random.nextLong(60, 200) << 12, false);
    }

    private static void play(SplittableRandom random, long hostBytes, boolean closesDevices) {
        try (Rig rig = rig(random, hostBytes)) {
            History history = new History(rig, random, closesDevices);
            history.play(STEPS);
            history.finish();
        }
    }

    private static Rig rig(SplittableRandom random, long hostBytes) {
        LongTermPolicy policy = random.nextBoolean() ? LongTermPolicy.MIGRATE : LongTermPolicy.REFUSE;
        return new Rig(builder -> builder.hostPool(hostBytes).longTermPolicy(policy),
                Rig.device("coherent", PoolKind.DEVICE_COHERENT, random.nextInt(6, 40)),
                Rig.device("private", PoolKind.DEVICE_PRIVATE, random.nextInt(6, 40)),
                Rig.javaDevice("javacoherent", PoolKind.DEVICE_COHERENT, random.nextInt(6, 40)),
                Rig.javaDevice("javaprivate", PoolKind.DEVICE_PRIVATE, random.nextInt(6, 40)));
    }
}
