package io.quire.memory.upkeep;

import io.quire.memory.guard.Ownership;
import io.quire.memory.guard.Wait;
import io.quire.memory.space.Machine;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The daemon thread that maintains a machine. Nothing ends it but {@link #close()}: neither an Error in its work or in
 * a report of it, nor an interrupt. It knows the machine and not the manager, so it does not keep that reachable.
 */
public final class Agent implements AutoCloseable {

    // Nobody waits for it, so it may sleep long: a thread that needs a frame destroys trees itself.
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** In the worst case each of its devices lets it wait until a deadline. */
    private static final Duration CLOSE_LIMIT = Duration.ofMinutes(1);

    private final Maintenance maintenance;
    private final Thread thread;
    private volatile boolean closing;

    private Agent(String manager, Maintenance maintenance) {
        this.maintenance = maintenance;
        this.thread = new Thread(null, this::run, "quire-agent-" + manager, 0, false);
    }

    /** Starts one. */
    public static Agent start(Machine machine, Maintenance maintenance) {
        Agent agent = new Agent(machine.name(), maintenance);
        agent.thread.setDaemon(true);
        agent.thread.start();
        return agent;
    }

    private void run() {
        long nap = SHORTEST_NAP_NANOS;
        while (!closing) {
            if (maintenance.runAndReport() > 0) {
                nap = SHORTEST_NAP_NANOS;
            } else {
                LockSupport.parkNanos(nap);
                Thread.interrupted(); // nobody interrupts it for a reason, and it would not sleep any more
                nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
            }
        }
    }

    /**
     * Ends the thread and waits until it has ended, whether the caller is interrupted or not. Again has no effect.
     *
     * @throws io.quire.memory.contract.WaitTimeoutException if it has not ended within a minute; close it again
     */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        if (!Ownership.isCurrent(thread)) {
            Wait.until(() -> Ownership.hasEnded(thread), CLOSE_LIMIT, () -> "the end of thread " + thread.getName());
        }
    }

    @Override
    public String toString() {
        return "Agent[" + thread.getName() + (closing ? ", closing" : "") + "]";
    }
}
