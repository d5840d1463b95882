package io.quire.memory.misuse;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Ends the JVM if a call takes too long, and prints the stacks of all threads. */
final class Heartbeat {

    /** Longer than the waits of the library, which last ten seconds; a busy machine also needs time to load classes. */
    private static final long LIMIT_NANOS = 30_000_000_000L;

    private record Call(String what, long since) {
    }

    private final Map<Thread, Call> calls = new ConcurrentHashMap<>();

    Heartbeat(int exitStatus) {
        Thread.ofPlatform().daemon().name("heartbeat").start(() -> {
            while (true) {
                look(exitStatus);
            }
        });
    }

    void begins(String what) {
        calls.put(Thread.currentThread(), new Call(what, System.nanoTime()));
    }

    void rests() {
        calls.remove(Thread.currentThread());
    }

    private void look(int exitStatus) {
        try {
            Thread.sleep(200);
            for (Map.Entry<Thread, Call> entry : calls.entrySet()) {
                if (System.nanoTime() - entry.getValue().since > LIMIT_NANOS) {
                    System.out.println("misuse HANGS: " + entry.getValue().what);
                    Thread.getAllStackTraces().forEach(Heartbeat::print);
                    Runtime.getRuntime().halt(exitStatus);
                }
            }
        } catch (InterruptedException | OutOfMemoryError goOn) {
            Thread.onSpinWait();
        }
    }

    private static void print(Thread thread, StackTraceElement[] stack) {
        System.out.println(thread);
        for (StackTraceElement frame : stack) {
            System.out.println("    at " + frame);
        }
    }
}
