package io.quire.memory;

import io.quire.memory.harness.History;
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

/** Random histories of everything, compared with a model after each step. */
@Tag("portable")
@ExtendWith(Seed.class)
class HistoryTest {

    private static final int STEPS = 4_000;
    private static final int STEPS_PER_RECOUNT = 500;

    @RepeatedTest(20)
    void oneThreadAndTheModelAgree(SplittableRandom random) {
        MemoryManager manager = manager(16 << 20, false);
        play(manager, new History(manager, random));
        LeakCheck.checkAndClose(manager);
    }

    @RepeatedTest(10)
    void oneThreadThatRunsOutOfFramesAgainAndAgainAndTheModelAgree(SplittableRandom random) {
        MemoryManager manager = manager(random.nextInt(10, 60) << 12, false);
        History history = new History(manager, random);
        while (history.outOfFrames() == 0) {
            history.step();
        }
        play(manager, history);
        LeakCheck.checkAndClose(manager);
    }

    private static void play(MemoryManager manager, History history) {
        for (int step = 1; step <= STEPS; step++) {
            history.step();
            if (step % STEPS_PER_RECOUNT == 0) {
                history.compareAll();
                ManagerCheck.recount(manager);
            }
        }
        history.finish();
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

    /** Four threads keep to addresses of their own in two spaces, and a fifth forks these all the time. */
    private static void share(ThreadFactory threads, SplittableRandom random, long poolBytes)
            throws InterruptedException {
        MemoryManager manager = manager(poolBytes, true);
        AddressSpace first = manager.newAddressSpace("first");
        AddressSpace second = manager.newAddressSpace("second");
        Threads.Task[] tasks = new Threads.Task[5];
        for (int i = 0; i < 4; i++) {
            History history = new History(manager, random.split());
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
