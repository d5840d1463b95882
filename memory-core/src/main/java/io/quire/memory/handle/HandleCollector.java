package io.quire.memory.handle;

import io.quire.memory.guard.Mutex;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Learns from the garbage collector which handles became unreachable, and adds each to the {@link LostHandles} of its
 * machine. One daemon thread does this for all managers of the process. It ends when no manager is open, so that a
 * program that is redeployed leaves no thread behind. It never waits for drivers or for locks of a space.
 */
public final class HandleCollector {

    static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

    /** The time between two looks for work to retry, and how long the thread outlives the last manager. */
    private static final long TURN_MILLIS = TimeUnit.SECONDS.toMillis(1);

    private static final Mutex LOCK = new Mutex();

    /** What watches the managers that are open. */
    private static final Set<WatchedHandle> MANAGERS = ConcurrentHashMap.newKeySet();

    /** Guarded by the lock. */
    private static boolean running;

    private HandleCollector() {
    }

    /** Begins to watch a manager and all that is opened through it. */
    public static void watch(WatchedHandle manager) {
        LOCK.lock();
        try {
            if (!running) {
                Thread thread = new Thread(null, HandleCollector::run, "quire-cleaner", 0, false);
                thread.setDaemon(true);
                thread.setContextClassLoader(null);
                thread.start();
                running = true;
            }
            MANAGERS.add(manager);
        } finally {
            LOCK.unlock();
        }
    }

    /** Stops watching a manager: it is closed, and so is all that was opened through it. */
    public static void forget(WatchedHandle manager) {
        MANAGERS.remove(manager);
    }

    private static void run() {
        while (isNeeded()) {
            try {
                turn();
            } catch (Throwable _) { // no memory for an iterator or a thread, or an interrupt: the next turn retries
                Thread.onSpinWait();
            }
        }
    }

    private static boolean isNeeded() {
        LOCK.lock();
        try {
            running = !MANAGERS.isEmpty();
            return running;
        } finally {
            LOCK.unlock();
        }
    }

    private static void turn() throws InterruptedException {
        Reference<?> lost = QUEUE.remove(TURN_MILLIS);
        while (lost != null) { // nothing here allocates: a handle that was taken out of the queue cannot be put back
            WatchedHandle handle = (WatchedHandle) lost;
            handle.lostHandles().add(handle);
            lost = QUEUE.poll();
        }
        for (WatchedHandle manager : MANAGERS) {
            manager.lostHandles().startIfNeeded();
        }
    }
}
