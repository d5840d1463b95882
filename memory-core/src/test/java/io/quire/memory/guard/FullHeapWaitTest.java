package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.ChildJvm;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A thread that waits while the heap is full goes on waiting: it may be about to give something back. */
class FullHeapWaitTest {

    @Test
    void aTakenLockIsWaitedFor() throws Exception {
        // This collector throws the error only when the heap is really full.
        ChildJvm.Result result = ChildJvm.run(WaitForLock.class, List.of("-XX:+UseSerialGC"));

        assertThat(result.exitStatus()).as(result.output()).isZero();
    }

    /** What fills the heap until the JVM ends. */
    private static final class Filling {

        private static final int[] CHUNKS = {1 << 20, 1 << 14, 1 << 8, 16};
        private static final List<Object> HELD = new ArrayList<>(1 << 16);

        static void fillHeap() {
            for (int chunk : CHUNKS) {
                try {
                    while (HELD.size() < 1 << 16) {
                        HELD.add(new byte[chunk]);
                    }
                } catch (OutOfMemoryError full) {
                    continue;
                }
            }
        }
    }

    /** Runs something below this many more frames: to look at such a stack takes memory. */
    private static void atDepth(int left, Runnable work) {
        if (left > 0) {
            atDepth(left - 1, work);
        } else {
            work.run();
        }
    }

    private static void spin(long nanos) {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < nanos) {
            Thread.onSpinWait();
        }
    }

    /** Another thread has the lock, and gives it up after this one has looked at its stack, or has tried to. */
    static final class WaitForLock {

        private static final int DEPTH = 500;
        private static final long HOLD_NANOS = 100_000_000;

        private static volatile boolean wanted;

        public static void main(String[] arguments) throws InterruptedException {
            Mutex lock = new Mutex();
            waitFor(lock, () -> {}); // links what a wait uses
            waitFor(lock, Filling::fillHeap);
            Runtime.getRuntime().halt(0);
        }

        private static void waitFor(Mutex lock, Runnable before) throws InterruptedException {
            CountDownLatch taken = new CountDownLatch(1);
            wanted = false;
            Thread.ofPlatform().daemon().start(() -> atDepth(DEPTH, () -> holdUntilWanted(lock, taken)));
            taken.await();
            before.run();
            wanted = true;
            try {
                lock.lock();
            } catch (OutOfMemoryError failed) {
                Runtime.getRuntime().halt(1);
            }
            lock.unlock();
        }

        private static void holdUntilWanted(Mutex lock, CountDownLatch taken) {
            lock.lock();
            taken.countDown();
            while (!wanted) {
                Thread.onSpinWait();
            }
            spin(HOLD_NANOS);
            lock.unlock();
        }
    }
}
