package io.quire.memory;

import io.quire.memory.harness.SpaceHistory;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.testkit.Seed;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadFactory;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Random histories of everything a user can do with spaces, compared with a model after each step. */
@Tag("portable")
@ExtendWith(Seed.class)
class SpaceHistoryTest {

    private static final int STEPS = 4_000;

    @RepeatedTest(20)
    void oneThreadAndTheModelAgree(SplittableRandom random) {
        MemoryManager manager = manager(16 << 20, false);
        SpaceHistory history = new SpaceHistory(manager, random);
        history.play(STEPS);
        history.finish();
        LeakCheck.checkAndClose(manager);
    }

    @RepeatedTest(10)
    void oneThreadThatRunsOutOfFramesAgainAndAgainAndTheModelAgree(SplittableRandom random) {
        MemoryManager manager = manager(random.nextInt(10, 60) << 12, false);
        SpaceHistory history = new SpaceHistory(manager, random);
        while (history.outOfFrames() == 0) {
            history.step();
        }
        history.play(STEPS);
        history.finish();
        LeakCheck.checkAndClose(manager);
    }

    @Test
    void threadsThatShareSpacesEachAgreeWithAModel(SplittableRandom random) throws InterruptedException {
        share(Thread.ofPlatform().daemon().factory(), random, 32 << 20);
    }

    @Test
    void virtualThreadsThatShareSpacesEachAgreeWithAModel(SplittableRandom random)
            throws InterruptedException {
        share(Thread.ofVirtual().factory(), random, 32 << 20);
    }

    @Test
    void threadsThatShareTooFewFramesEachAgreeWithAModel(SplittableRandom random)
            throws InterruptedException {
        share(Thread.ofPlatform().daemon().factory(), random, 200 << 12);
    }

    /** Four threads use two spaces, each at its own addresses, while a fifth thread forks the spaces all the time. */
    private static void share(ThreadFactory threads, SplittableRandom random, long poolBytes)
            throws InterruptedException {
        MemoryManager manager = manager(poolBytes, true);
        AddressSpace first = manager.newAddressSpace("first");
        AddressSpace second = manager.newAddressSpace("second");
        Threads.Task[] tasks = new Threads.Task[5];
        for (int i = 0; i < 4; i++) {
            SpaceHistory history = new SpaceHistory(manager, random.split());
            tasks[i] = running -> {
                history.borrow(first);
                history.borrow(second);
                while (running.getAsBoolean()) {
                    history.step();
                }
                history.finish();
            };
        }
        tasks[4] = running -> {
            while (running.getAsBoolean()) {
                try (AddressSpace fork = first.fork(); AddressSpace _ = second.snapshot()) {
                    fork.fork("grandchild").close();
                }
            }
        };
        Threads.race(threads, Duration.ofMillis(1_500), tasks);
        first.close();
        second.close();
        LeakCheck.checkAndClose(manager);
    }

    private static MemoryManager manager(long poolBytes, boolean agent) {
        return MemoryManager.builder().name("history").hostPool(poolBytes).backgroundAgent(agent).build();
    }
}
