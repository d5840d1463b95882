package io.quire.memory.soak;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Ends the JVM, with the stacks of all threads, when a step takes longer than a minute. */
final class Watchdog {

    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final int EXIT_HANGS = 3;

    private record Step(String what, long since) {
    }

    private final Map<Thread, Step> steps = new ConcurrentHashMap<>();

    Watchdog() {
        Thread.ofPlatform().daemon().name("soak-watchdog").start(this::watch);
    }

    /** The current thread begins a step. If there is no memory to note it, nobody watches this step. */
    void begins(String what) {
        try {
            steps.put(Thread.currentThread(), new Step(what, System.nanoTime()));
        } catch (OutOfMemoryError full) {
            steps.remove(Thread.currentThread());
        }
    }

    /** The current thread is between steps, or ends. */
    void rests() {
        steps.remove(Thread.currentThread());
    }

    private void watch() {
        while (true) {
            try {
                Thread.sleep(1000);
                look();
            } catch (InterruptedException goOn) {
                // nobody means it
            } catch (OutOfMemoryError full) {
                // next time
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
