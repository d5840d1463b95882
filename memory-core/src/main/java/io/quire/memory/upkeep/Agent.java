package io.quire.memory.upkeep;

import io.quire.memory.guard.Ownership;
import io.quire.memory.guard.Wait;
import io.quire.memory.space.Machine;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The daemon thread that maintains a machine. Only {@link #close()} ends it; an interrupt does not, nor does an Error
 * in its work or in a report. It refers to the machine and not to the manager, so it does not keep the manager
 * reachable.
 */
public final class Agent implements AutoCloseable {

    // Nobody waits for the agent, so it may sleep long: a thread that needs a frame destroys trees itself.
    private static final long SHORTEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /** How long a close waits for the thread, which in the worst case waits for the deadline of each device. */
    private static final Duration CLOSE_LIMIT = Duration.ofMinutes(1);

    private final Maintenance maintenance;
    private final Thread thread;
    private volatile boolean closing;

    private Agent(String manager, Maintenance maintenance) {
        this.maintenance = maintenance;
        this.thread = new Thread(null, this::run, "quire-agent-" + manager, 0, false);
    }

    /** Starts an agent. */
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
                Thread.interrupted(); // an interrupt means nothing here, but would end every later park at once
                nap = Math.min(2 * nap, LONGEST_NAP_NANOS);
            }
        }
    }

    /**
     * Ends the thread, and waits until it has ended even if the caller is interrupted. Calling it again has no effect.
     *
     * @throws io.quire.memory.contract.WaitTimeoutException if the thread has not ended within a minute; close it again
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
