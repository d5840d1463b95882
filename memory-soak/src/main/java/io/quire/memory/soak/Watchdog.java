package io.quire.memory.soak;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Prints the stacks of all threads and ends the JVM when a step takes longer than a minute. */
final class Watchdog {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int EXIT_HANGS = 3;

    private record Step(String what, long since) {
    }

    private final Map<Thread, Step> steps = new ConcurrentHashMap<>();

    Watchdog() {
        Thread.ofPlatform().daemon().name("soak-watchdog").start(this::watch);
    }

    /** Notes that the current thread begins a step. If there is no memory for that, the step is not watched. */
    void begins(String what) {
        try {
            steps.put(Thread.currentThread(), new Step(what, System.nanoTime()));
        } catch (OutOfMemoryError full) {
            steps.remove(Thread.currentThread());
        }
    }

    /** Notes that the current thread is between steps, or ends. */
    void rests() {
        steps.remove(Thread.currentThread());
    }

    private void watch() {
        while (true) {
            try {
                Thread.sleep(1000);
                look();
            } catch (InterruptedException goOn) {
                // an interrupt means nothing here
            } catch (OutOfMemoryError full) {
                // the next look may succeed
            }
        }
    }

    private void look() {
        long now = System.nanoTime();
        for (Map.Entry<Thread, Step> entry : steps.entrySet()) {
            Step step = entry.getValue();
            if (now - step.since > LIMIT_NANOS) {
                System.out.println("soak: HANGS in " + step.what + ", thread=" + entry.getKey());
                dump();
                Runtime.getRuntime().halt(EXIT_HANGS);
            }
        }
    }

    private void dump() {
        steps.forEach((thread, step) -> print(thread, thread.getStackTrace(), step.what));
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (!steps.containsKey(thread)) {
                print(thread, stack, "");
            }
        });
    }

    private static void print(Thread thread, StackTraceElement[] stack, String what) {
        StringBuilder text = new StringBuilder(thread + " " + thread.getState() + " " + what);
        for (StackTraceElement frame : stack) {
            text.append("\n    at ").append(frame);
        }
        System.out.println(text);
    }
}
