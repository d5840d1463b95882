package io.quire.memory.handle;

import io.quire.memory.guard.Mutex;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Hears from the garbage collector which handles nobody can reach any more, and hands each to the {@link LostHandles}
 * of its machine. One daemon thread for all managers of the process; it ends when none is open, so that a program that
 * is redeployed leaves nothing behind. Never waits for anything but the collector.
 */
public final class HandleCollector {

    static final ReferenceQueue<Object> QUEUE = new ReferenceQueue<>();

    /** How often what could not be given back is tried again, and how long the thread outlives the last manager. */
    private static final long TURN_MILLIS = TimeUnit.SECONDS.toMillis(1);

    private static final Mutex LOCK = new Mutex();

    /** Of managers that are open. */
    private static final Set<WatchedHandle> MANAGERS = ConcurrentHashMap.newKeySet();

    /** Under the lock. */
    private static boolean running;

    private HandleCollector() {
    }

    /** Keeps watching a manager and all that it opens. */
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

    /** A manager is closed, and all that it opened. */
    public static void forget(WatchedHandle manager) {
        MANAGERS.remove(manager);
    }

    private static void run() {
        while (isNeeded()) {
            try {
                turn();
            } catch (Throwable _) { // no memory for an iterator or a thread, or an interrupt: the next turn does it
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
        while (lost != null) { // nothing here allocates: what was taken out of the queue cannot be put back
            WatchedHandle handle = (WatchedHandle) lost;
            handle.lostHandles().add(handle);
            lost = QUEUE.poll();
        }
        for (WatchedHandle manager : MANAGERS) {
            manager.lostHandles().startIfNeeded();
        }
    }
}
