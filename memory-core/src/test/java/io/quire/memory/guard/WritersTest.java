package io.quire.memory.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("portable")
class WritersTest {

    private static final int SPACE = 7;
    private static final long FIRST_VERSION = 0;

    private final SharedWriterSlots shared = new SharedWriterSlots();
    private final Writers writers = new Writers(SPACE, shared);

    @Test
    void awaitWaitsForAWriterOfAnotherThread() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        expectToWaitFor(slot::enter, slot::exit, () -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(FIRST_VERSION);
        });
    }

    @Test
    void awaitWaitsForAThreadThatPutsAPageIn() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        expectToWaitFor(slot::enterToChange, () -> slot.exitChange(FIRST_VERSION), () -> {
            writers.add(slot, Thread.currentThread());
            slot.disarm();
        });
    }

    @Test
    void whoPutsAPageInMayWriteByTheVersionAfterwards() {
        WriterSlot slot = new WriterSlot();
        slot.enterToChange();
        assertThat(slot.hasSeen(FIRST_VERSION, FIRST_VERSION)).isFalse();
        assertThat(slot.hasSeen(FIRST_VERSION + 2, FIRST_VERSION + 1)).isFalse();
        slot.exitChange(FIRST_VERSION);
        assertThat(slot.hasSeen(FIRST_VERSION, FIRST_VERSION)).isTrue();
        assertThat(slot.hasSeen(FIRST_VERSION + 1, FIRST_VERSION)).isFalse();
        assertThat(slot.hasSeen(FIRST_VERSION + 2, FIRST_VERSION + 1)).isTrue();
    }

    @Test
    void awaitWaitsForAWriterWithoutASlotOfItsOwn() throws InterruptedException {
        int[] slot = new int[1];
        expectToWaitFor(() -> slot[0] = writers.enterShared(), () -> writers.exitShared(slot[0]), () -> {});
    }

    /** Another thread begins a write; await must not return before that write has ended. */
    private void expectToWaitFor(Runnable enter, Runnable exit, Runnable register)
            throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CompletableFuture<Thread> waiter = new CompletableFuture<>();
        AtomicBoolean ended = new AtomicBoolean();
        Threads.race(Duration.ZERO,
                running -> {
                    register.run();
                    enter.run();
                    inside.countDown();
                    Threads.awaitInside(waiter.join(), Writers.class);
                    ended.set(true);
                    exit.run();
                },
                running -> {
                    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
                    waiter.complete(Thread.currentThread());
                    writers.await(FIRST_VERSION + 1);
                    assertThat(ended).isTrue();
                });
    }

    @Test
    void awaitDoesNotWaitForItsOwnThreadNorForOtherSpaces() {
        WriterSlot own = new WriterSlot();
        writers.add(own, Thread.currentThread());
        int foreign = shared.enter(SPACE + 1);
        writers.await(FIRST_VERSION + 1);
        shared.exit(foreign);
        own.arm(FIRST_VERSION + 1);
        own.enter();
        own.exit();
        writers.await(FIRST_VERSION + 2);
    }

    @Test
    void awaitDoesNotWaitForAWriterThatIsGone() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        Threads.elsewhere(() -> writers.add(slot, Thread.currentThread()));
        slot.arm(FIRST_VERSION);
        slot.enter();
        writers.remove(slot);
        writers.await(FIRST_VERSION + 1);
    }

    @Test
    void awaitDoesNotWaitForAThreadThatKnowsTheVersion() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        Threads.elsewhere(() -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(FIRST_VERSION + 1);
            slot.enter();
        });
        writers.await(FIRST_VERSION + 1);
    }

    @Test
    void awaitDoesNotWaitForAThreadThatIsNotArmed() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        Threads.elsewhere(() -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(FIRST_VERSION);
            slot.disarm();
        });
        writers.await(FIRST_VERSION + 1);
        assertThat(slot.hasSeen(FIRST_VERSION + 1, FIRST_VERSION)).isTrue();
    }

    @Test
    void aThreadThatHasNotArmedSinceTheLastWaitIsIdle() throws InterruptedException {
        WriterSlot slot = new WriterSlot();
        Threads.elsewhere(() -> {
            writers.add(slot, Thread.currentThread());
            slot.arm(FIRST_VERSION);
        });
        assertThat(slot.hasSeen(FIRST_VERSION + 1, FIRST_VERSION)).isFalse();
        writers.await(FIRST_VERSION + 1);
        assertThat(slot.hasSeen(FIRST_VERSION + 2, FIRST_VERSION + 1)).isTrue();
        slot.arm(FIRST_VERSION + 1);
        assertThat(slot.hasSeen(FIRST_VERSION + 2, FIRST_VERSION + 1)).isFalse();
    }

    @Test
    void awaitDoesNotWaitForWritesThatBeginLater() throws InterruptedException {
        Handshake handshake = new Handshake();
        WriterSlot slot = new WriterSlot();
        CountDownLatch registered = new CountDownLatch(1);
        Threads.race(Duration.ofMillis(200),
                running -> {
                    writers.add(slot, Thread.currentThread());
                    registered.countDown();
                    while (running.getAsBoolean()) {
                        slot.arm(handshake.version);
                        slot.enter();
                        slot.exit();
                        writers.exitShared(writers.enterShared());
                    }
                },
                running -> {
                    registered.await();
                    while (running.getAsBoolean()) {
                        writers.await(handshake.newVersion());
                    }
                });
    }

    @Test
    void writersThatMissTheInvalidationAreWaitedFor() throws InterruptedException {
        // The two sides of the handshake: a flag that allows writes, and a counter that is written only while it is
        // set.
        Handshake handshake = new Handshake();
        WriterSlot slot = new WriterSlot();
        CountDownLatch registered = new CountDownLatch(1);
        Threads.race(Duration.ofMillis(500),
                running -> {
                    writers.add(slot, Thread.currentThread());
                    registered.countDown();
                    while (running.getAsBoolean()) {
                        long version = handshake.version;
                        slot.arm(version);
                        for (int i = 0; i < 3; i++) { // also by a version of which it has not heard for a while
                            slot.enter();
                            if (handshake.version == version && handshake.allowed) {
                                handshake.written++;
                            }
                            slot.exit();
                        }
                        slot.disarm();
                    }
                },
                running -> {
                    while (running.getAsBoolean()) {
                        int entered = writers.enterShared();
                        if (handshake.allowed) {
                            handshake.writtenShared++;
                        }
                        writers.exitShared(entered);
                    }
                },
                running -> {
                    registered.await();
                    while (running.getAsBoolean()) {
                        handshake.allowed = false;
                        writers.await(handshake.newVersion());
                        long written = handshake.written;
                        long writtenShared = handshake.writtenShared;
                        for (int i = 0; i < 20; i++) {
                            Thread.onSpinWait();
                            assertThat(handshake.written).isEqualTo(written);
                            assertThat(handshake.writtenShared).isEqualTo(writtenShared);
                        }
                        handshake.allowed = true;
                        while (running.getAsBoolean() && (handshake.written == written
                                || handshake.writtenShared == writtenShared)) {
                            Thread.onSpinWait();
                        }
                    }
                });
        assertThat(handshake.written).isPositive();
        assertThat(handshake.writtenShared).isPositive();
    }

    @Test
    void slotsOfManyThreadsAreNeverTheSame() throws InterruptedException {
        AtomicBoolean[] taken = new AtomicBoolean[1 << 12];
        Arrays.setAll(taken, i -> new AtomicBoolean());
        Threads.Task task = running -> {
            while (running.getAsBoolean()) {
                int slot = shared.enter(SPACE);
                assertThat(taken[slot].compareAndSet(false, true)).isTrue();
                taken[slot].set(false);
                shared.exit(slot);
            }
        };
        Threads.race(Duration.ofMillis(200), task, task, task);
    }

    /** State that the two sides share. */
    private static final class Handshake {
        private volatile boolean allowed = true;
        private volatile long written;
        private volatile long writtenShared;
        private volatile long version = FIRST_VERSION;

        @SuppressWarnings("NonAtomicVolatileUpdate") // one thread makes versions
        private long newVersion() {
            return ++version;
        }
    }
}
