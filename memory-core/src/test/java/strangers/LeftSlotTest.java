package strangers;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.guard.Mutex;
import io.quire.memory.guard.SharedWriterSlots;
import io.quire.memory.guard.GuardedTurns;
import io.quire.memory.guard.WriterSlot;
import io.quire.memory.guard.Writers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A thread leaves a write or a lock without releasing its slot or the lock, as a full stack can make it do. This class
 * is in a package outside the library: a thread with a library frame on its stack counts as inside a write.
 */
@Timeout(30)
class LeftSlotTest {
    private static final int SPACE = 7;
    private static final int TURN_THREADS = 4;
    private static final long TURNS_NANOS = 4_000_000_000L;
    private static final long WAIT_BEFORE_LOOK_NANOS = 10_000_000L;
    private static final long SPREAD_NANOS = 1_500_000L;

    private final SharedWriterSlots shared = new SharedWriterSlots();
    private final Writers writers = new Writers(SPACE, shared);
    private final CountDownLatch end = new CountDownLatch(1);

    @AfterEach
    void letThreadsEnd() {
        end.countDown();
    }

    /** Runs something on a thread that then goes on with something else until the test is over. */
    private Thread leave(Thread.Builder kind, Runnable work) throws InterruptedException {
        CountDownLatch left = new CountDownLatch(1);
        Thread thread = kind.start(() -> {
            work.run();
            left.countDown();
            try {
                end.await();
            } catch (InterruptedException over) {
                return;
            }
        });
        left.await();
        return thread;
    }

    @Test
    void slotLeftByAPlatformThreadIsNotWaitedForLong() throws InterruptedException {
        leave(Thread.ofPlatform(), writers::enterShared);
        assertAwaitEndsSoon();
    }

    @Test
    void slotLeftByAVirtualThreadIsNotWaitedForLong() throws InterruptedException {
        leave(Thread.ofVirtual(), writers::enterShared);
        assertAwaitEndsSoon();
    }

    @Test
    void slotLeftByTheWaitingThreadItselfIsNotWaitedForLong() {
        writers.enterShared();
        assertAwaitEndsSoon();
    }

    @Test
    void slotOfAnEndedThreadIsNotWaitedForLong() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        Thread thread = leave(Thread.ofPlatform(), () -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(0);
            slot.enter();
            writers.enterShared();
        });
        end.countDown();
        thread.join();
        assertAwaitEndsSoon();
    }

    @Test
    void slotOfAnAccessorWhoseThreadHasGoneOnIsNotWaitedForLong() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        leave(Thread.ofPlatform(), () -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(0);
            slot.enter();
        });
        assertAwaitEndsSoon();
    }

    @Test
    void slotsThatWereLeftAreUsedAgainWhenThereAreNoOthers() throws InterruptedException {
        int slots = Integer.highestOneBit(8 * Runtime.getRuntime().availableProcessors());
        leave(Thread.ofPlatform(), () -> {
            for (int i = 0; i < slots; i++) {
                shared.enter(SPACE + 1);
            }
        });
        for (int i = 0; i < 3 * slots; i++) {
            writers.exitShared(writers.enterShared());
        }
        assertAwaitEndsSoon();
    }

    @Test
    void lockLeftByAThreadIsTakenFromIt() throws InterruptedException {
        Mutex lock = new Mutex();
        leave(Thread.ofPlatform(), lock::lock);
        lock.lock();
        assertThat(lock.isMine()).isTrue();
        lock.unlock();
    }

    @Test
    void lockOfAnEndedThreadIsTakenFromIt() throws InterruptedException {
        Mutex lock = new Mutex();
        Thread thread = leave(Thread.ofVirtual(), lock::lock);
        end.countDown();
        thread.join();
        lock.lock();
        assertThat(lock.isMine()).isTrue();
    }

    private void assertAwaitEndsSoon() {
        long begin = System.nanoTime();
        writers.await(1);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    }

    /** A thread that sees the stack of the holder between two of its turns must not take the next turn from it. */
    @Test
    void aLockThatIsTakenAgainAndAgainStaysWithItsHolder() throws InterruptedException {
        GuardedTurns turns = new GuardedTurns();
        long until = System.nanoTime() + TURNS_NANOS;
        runAll(Collections.nCopies(TURN_THREADS, () -> takeTurns(turns, until)));
    }

    /** A thread that comes back and takes its lock again may meet several waiters that are about to take it away. */
    @Test
    void aLockThatAThreadHasLeftHasOneOwnerWhenTheThreadComesBack() throws InterruptedException {
        GuardedTurns turns = new GuardedTurns();
        long until = System.nanoTime() + TURNS_NANOS;
        runAll(List.of(() -> takeTurns(turns, until), () -> takeTurns(turns, until),
                () -> leaveAndComeBack(turns, until)));
    }

    private static void leaveAndComeBack(GuardedTurns turns, long until) {
        while (System.nanoTime() < until) {
            turns.leave();
            // Most often back at the moment when the waiters look.
            LockSupport.parkNanos(WAIT_BEFORE_LOOK_NANOS + ThreadLocalRandom.current().nextLong(SPREAD_NANOS));
            turns.take();
        }
    }

    private static void runAll(List<Runnable> works) throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (Runnable work : works) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    work.run();
                } catch (Throwable lost) {
                    failure.compareAndSet(null, lost);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
    }

    private static void takeTurns(GuardedTurns turns, long until) {
        while (System.nanoTime() < until) {
            turns.take();
        }
    }
}
