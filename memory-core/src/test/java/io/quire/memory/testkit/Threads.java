package io.quire.memory.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/** Runs tasks at the same time. */
public final class Threads {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Threads() {
    }

    /** A task of a race. It should go on while {@code running} is true. */
    @FunctionalInterface
    public interface Task {
        void run(BooleanSupplier running) throws Exception;
    }

    /** Runs each task on a platform thread until the time is over or a task fails; then the race fails, too. */
    public static void race(Duration duration, Task... tasks) throws InterruptedException {
        race(Thread.ofPlatform().name("racer-", 0).daemon().factory(), duration, tasks);
    }

    /** Runs each task on a thread of the factory. */
    public static void race(ThreadFactory factory, Duration duration, Task... tasks)
            throws InterruptedException {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        long end = System.nanoTime() + duration.toNanos();
        BooleanSupplier running = () -> failure.get() == null && System.nanoTime() < end;
        List<Thread> threads = new ArrayList<>();
        for (Task task : tasks) {
            threads.add(factory.newThread(() -> {
                try {
                    task.run(running);
                } catch (Throwable thrown) {
                    if (!failure.compareAndSet(null, thrown)) {
                        failure.get().addSuppressed(thrown);
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            if (!thread.join(duration.plus(PATIENCE))) {
                AssertionError stuck = new AssertionError("a thread did not end: " + thread);
                stuck.setStackTrace(thread.getStackTrace());
                throw stuck;
            }
        }
        if (failure.get() != null) {
            throw new AssertionError("a thread of the race failed", failure.get());
        }
    }

    /** Returns as soon as a thread is inside a method of a class, such as one that waits. */
    public static void awaitInside(Thread thread, Class<?> type) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (Arrays.stream(thread.getStackTrace()).noneMatch(frame -> frame.getClassName().equals(type.getName()))) {
            if (System.nanoTime() > end || thread.getState() == Thread.State.TERMINATED) {
                throw new AssertionError("thread never came to " + type + ": " + thread);
            }
            Thread.onSpinWait();
        }
    }

    /** Runs one task on another thread and waits for it. */
    public static void elsewhere(Runnable task) throws InterruptedException {
        race(Duration.ZERO, running -> task.run());
    }

    /** Runs one task on a platform thread with a stack of some size, and waits for it. */
    public static void elsewhere(int stackBytes, Runnable task) throws InterruptedException {
        race(work -> new Thread(null, work, "diver", stackBytes), Duration.ZERO, running -> task.run());
    }
}
