package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class MutexTest {

    private final Mutex lock = new Mutex();
    private long guarded;

    @Test
    void oneThreadAtATimeIsInside() throws InterruptedException {
        long[] counts = new long[3];
        Threads.Task[] tasks = new Threads.Task[counts.length];
        for (int i = 0; i < tasks.length; i++) {
            int own = i;
            tasks[i] = running -> {
                while (running.getAsBoolean()) {
                    lock.lock();
                    guarded++;
                    lock.unlock();
                    counts[own]++;
                }
            };
        }
        Threads.race(Duration.ofMillis(300), tasks);
        assertThat(guarded).isEqualTo(counts[0] + counts[1] + counts[2]);
    }

    @Test
    void interruptedThreadWaitsForTheLockAndStaysInterrupted() throws InterruptedException {
        CountDownLatch waiting = new CountDownLatch(1);
        AtomicBoolean released = new AtomicBoolean();
        lock.lock();
        Thread waiter = Thread.ofPlatform().start(() -> {
            Thread.currentThread().interrupt();
            waiting.countDown();
            lock.lock();
            assertThat(released).isTrue();
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
            guarded = 1;
            lock.unlock();
        });
        waiting.await();
        Threads.awaitInside(waiter, Wait.class);
        released.set(true);
        lock.unlock();
        waiter.join();
        assertThat(guarded).isEqualTo(1);
    }

    @Test
    void threadThatDoesNotHoldTheLockCannotUnlockIt() {
        assertThatThrownBy(lock::unlock).isInstanceOf(IllegalMonitorStateException.class);
    }

    @Test
    void holderMayTakeTheLockAgain() throws InterruptedException {
        lock.lock();
        assertThat(lock.tryLock()).isTrue();
        lock.unlock();
        assertThat(lock.isMine()).isTrue();
        Threads.elsewhere(() -> {
            assertThat(lock.isMine()).isFalse();
            assertThat(lock.tryLock()).isFalse();
        });
        lock.unlock();
        assertThat(lock.isMine()).isFalse();
        Threads.elsewhere(() -> {
            assertThat(lock.tryLock()).isTrue();
            lock.unlock();
        });
    }

    @Test
    void aHolderInsideTheLibraryKeepsTheLock() throws InterruptedException {
        AtomicBoolean released = new AtomicBoolean();
        CountDownLatch locked = new CountDownLatch(1);
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        Threads.race(Duration.ZERO,
                running -> {
                    lock.lock();
                    locked.countDown();
                    Threads.awaitInside(waiter.join(), Wait.class);
                    released.set(true);
                    lock.unlock();
                },
                running -> {
                    locked.await();
                    waiter.complete(Thread.currentThread());
                    lock.lock();
                    assertThat(released).isTrue();
                    lock.unlock();
                });
    }
}
