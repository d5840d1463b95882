package io.quire.memory.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.contract.DriverReentryException;
import io.quire.memory.device.DriverException;
import io.quire.memory.testkit.Threads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Calls of a driver: their order, their deadline, and what the waiting threads are told. */
@Tag("portable")
class DriverCallsTest {

    private static final Duration LONG = Duration.ofSeconds(30);

    /** More calls than the queue has room for. */
    private static final int QUEUE = 256;
    private static final int MANY = 1_000;

    private final CountDownLatch released = new CountDownLatch(1);
    private DriverCalls calls = DriverCalls.onThreadOfItsOwn("card", LONG, true);

    @AfterEach
    void end() {
        released.countDown();
        calls.close();
    }

    /** Uses calls with another deadline. */
    private void deadline(int millis) {
        calls = DriverCalls.onThreadOfItsOwn("card", Duration.ofMillis(millis), true);
    }

    private static void busyFor(int millis) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    /** Does not return before the test is over, even if it is interrupted. */
    private void hang() {
        boolean done = false;
        while (!done) {
            try {
                released.await();
                done = true;
            } catch (InterruptedException again) {
                assertThat(released.getCount()).isNotNegative();
            }
        }
    }

    private static DriverFailedException failure(Runnable call) {
        try {
            call.run();
        } catch (DriverFailedException failed) {
            return failed;
        }
        throw new AssertionError("it did not fail");
    }

    @Test
    void callsAreMadeInTheOrderTheyWereBegun() {
        List<Integer> made = new ArrayList<>();
        List<DriverCall<?>> begun = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            int number = i;
            begun.add(calls.beginRun("note", () -> made.add(number)));
        }
        begun.forEach(DriverCall::await);
        assertThat(made).isEqualTo(IntStream.range(0, 100).boxed().toList());
    }

    @Test
    void deadlineAppliesToEachCallOfARun() {
        deadline(1_000);
        calls.run("copies", () -> {
            for (int i = 0; i < 12; i++) { // together much longer than the deadline
                calls.next();
                busyFor(150);
            }
        });
        assertThat(calls.isLost()).isFalse();
    }

    @Test
    void callThatTakesTooLongIsTheLastOfItsRun() {
        deadline(500);
        AtomicInteger made = new AtomicInteger();
        assertThat(failure(() -> calls.run("copies", () -> {
            for (int i = 0; i < 3; i++) {
                calls.next();
                made.incrementAndGet();
                if (i == 1) {
                    hang();
                }
            }
        }))).hasMessageContainingAll("device=card", "operation=copies", "500 ms", "lost");
        released.countDown();
        assertThat(failure(() -> calls.run("more", () -> made.incrementAndGet()))).hasMessageContaining("lost");
        assertThat(made).hasValue(2);
    }

    @Test
    void timeInTheQueueIsNotCounted() throws InterruptedException {
        deadline(1_000);
        Threads.Task[] callers = new Threads.Task[10];
        for (int i = 0; i < callers.length; i++) {
            callers[i] = _ -> calls.run("copy", () -> busyFor(150)); // the last caller waits longer than the deadline
        }
        Threads.race(Duration.ZERO, callers);
        assertThat(calls.isLost()).isFalse();
    }

    @Test
    void callersBehindAHangingCallFailWhenItsDeadlineHasPassed() throws InterruptedException {
        deadline(100);
        Queue<String> told = new ConcurrentLinkedQueue<>();
        AtomicInteger made = new AtomicInteger();
        DriverCall<?> stuck = calls.beginRun("stuck", this::hang);
        Threads.Task behind = _ -> told.add(failure(() -> calls.run("behind", made::incrementAndGet)).getMessage());
        Threads.race(Duration.ZERO, behind, behind, behind);
        assertThat(told).hasSize(3).allSatisfy(message -> assertThat(message).contains("operation=behind", "lost"));
        assertThat(failure(stuck::await)).hasMessageContainingAll("operation=stuck", "100 ms");
        assertThat(stuck.mayStillRun()).isTrue();
        released.countDown();
        assertThat(made).as("calls made after their callers have failed").hasValue(0);
    }

    @Test
    void fullQueueIsWaitedForAndLosesNoCall() throws InterruptedException {
        AtomicInteger made = new AtomicInteger();
        CountDownLatch isFull = new CountDownLatch(1);
        calls.beginRun("stuck", this::hang);
        Threads.race(Duration.ZERO, _ -> {
            List<DriverCall<?>> begun = new ArrayList<>();
            for (int i = 0; i < MANY; i++) {
                if (i == QUEUE) {
                    isFull.countDown();
                }
                begun.add(calls.beginRun("count", made::incrementAndGet));
            }
            begun.forEach(DriverCall::await);
        }, _ -> {
            isFull.await();
            released.countDown();
        });
        assertThat(made).hasValue(MANY);
    }

    @Test
    void callerThatWaitsForRoomInTheQueueFailsWhenTheDeviceIsLost() {
        deadline(100);
        DriverCall<?> stuck = calls.beginRun("stuck", this::hang);
        List<DriverCall<?>> begun = new ArrayList<>();
        assertThat(failure(() -> {
            for (int i = 0; i < MANY; i++) {
                begun.add(calls.beginRun("behind", () -> {}));
            }
        })).hasMessageContaining("lost");
        assertThat(begun).hasSizeBetween(2, MANY - 1)
                .allSatisfy(call -> assertThat(failure(call::await)).hasMessageContaining("lost"));
        assertThat(failure(stuck::await)).hasMessageContaining("100 ms");
    }

    @Test
    void exceptionOfADriverIsTheCauseAndItsCodeIsKept() {
        AssertionError bug = new AssertionError("a bug");
        DriverFailedException failed = failure(() -> calls.run("copy", () -> {
            throw bug;
        }));
        assertThat(failed).hasCause(bug).hasMessageContainingAll("device=card", "operation=copy", "a bug");
        assertThat(failed.code()).isEqualTo(DriverFailedException.NO_CODE);
        assertThat(failure(() -> calls.run("copy", () -> {
            throw new DriverException("on fire", 7);
        })).code()).isEqualTo(7);
        assertThat(failure(() -> calls.run("dive", DriverCallsTest::dive)))
                .hasCauseInstanceOf(StackOverflowError.class);
        calls.run("go on", () -> {});
    }

    private static void dive() {
        dive();
    }

    @Test
    void callInsideADriverCallIsRefusedAtOnce() {
        DriverCalls other = DriverCalls.inPlace("other");
        calls.run("outer", () -> {
            for (DriverCalls called : List.of(calls, other)) {
                assertThatExceptionOfType(DriverReentryException.class)
                        .isThrownBy(() -> called.run("inner", () -> {}))
                        .withMessageContainingAll("device=card", "callback=outer", "another thread")
                        .satisfies(refused -> assertThat(refused.device()).isEqualTo("card"));
            }
        });
    }

    @Test
    void callersThatWaitFailWhenTheDeviceIsClosed() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        DriverCall<?> stuck = calls.beginRun("stuck", () -> {
            inside.countDown();
            hang();
        });
        DriverCall<?> behind = calls.beginRun("behind", () -> {});
        inside.await();
        calls.close();
        assertThat(failure(behind::await)).hasMessageContaining("closed");
        released.countDown();
        stuck.await();
    }

    @Test
    void interruptEndsNoWaitAndStaysPending() {
        Thread.currentThread().interrupt();
        calls.run("slow", () -> busyFor(20));
        assertThat(Thread.interrupted()).isTrue();
    }

    // ---- frames that are free

    /** A driver that records the order of its calls, and fails in some. */
    private static class Listening extends IdleDriver {

        private final List<Object> heard = new ArrayList<>();
        private boolean fails;

        @Override
        public void frameFreed(int frame) {
            heard.add(frame);
            if (fails) {
                throw new AssertionError("a bug of the driver");
            }
        }
    }

    @Test
    void freedFramesAreToldBeforeTheNextCallInTheirOrderAndOnce() {
        Listening driver = new Listening();
        calls.tellsOfFreed(driver, MANY);
        calls.run("start", () -> driver.heard.add("start"));
        List<Object> expected = new ArrayList<>(List.of("start"));
        DriverCall<?> stuck = calls.beginRun("stuck", this::hang); // stands for a long call
        for (int frame = 0; frame < MANY; frame++) {
            calls.freed(frame);
            expected.add(frame);
        }
        DriverCall<?> next = calls.beginRun("next", () -> driver.heard.add("next"));
        released.countDown();
        stuck.await();
        next.await();
        expected.add("next");
        assertThat(driver.heard).isEqualTo(expected);
    }

    @Test
    void driverIsToldOfAFreedFrameWithoutAnotherCall() throws InterruptedException {
        CountDownLatch told = new CountDownLatch(1);
        Listening driver = new Listening() {
            @Override
            public void frameFreed(int frame) {
                told.countDown();
            }
        };
        calls.tellsOfFreed(driver, 4);
        calls.run("start", () -> {});
        calls.freed(3);
        assertThat(told.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void driverThatFailsToTakeAFrameBackHearsOfTheOthersAndStaysInUse() {
        Listening driver = new Listening();
        driver.fails = true;
        calls.tellsOfFreed(driver, 200);
        calls.run("start", () -> {});
        for (int frame = 0; frame < 200; frame++) {
            calls.freed(frame);
        }
        calls.awaitTold();
        assertThat(driver.heard).isEqualTo(IntStream.range(0, 200).boxed().toList());
    }

    @Test
    void driverHearsOfTheOwnersOfAFrameInTheirOrder() throws InterruptedException {
        AtomicInteger inUse = new AtomicInteger();
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        Listening driver = new Listening() {
            @Override
            public void frameFreed(int frame) {
                if (!inUse.compareAndSet(1, 0)) {
                    wrong.add("freed, but not in use");
                }
            }
        };
        calls.tellsOfFreed(driver, 1);
        AtomicInteger free = new AtomicInteger(1);
        Threads.Task owner = running -> {
            while (running.getAsBoolean()) {
                if (free.compareAndSet(1, 0)) {
                    calls.run("allocate", () -> {
                        if (!inUse.compareAndSet(0, 1)) {
                            wrong.add("allocated, but in use");
                        }
                    });
                    calls.freed(0);
                    free.set(1);
                }
            }
        };
        Threads.race(Duration.ofMillis(300), owner, owner, owner);
        assertThat(wrong).isEmpty();
    }
}
