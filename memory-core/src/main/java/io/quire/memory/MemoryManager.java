package io.quire.memory;

import io.quire.memory.contract.ClosedException;
import io.quire.memory.contract.OpenSpacesException;
import io.quire.memory.frame.FramePool;
import io.quire.memory.platform.MachineMemory;
import io.quire.memory.space.Machine;
import io.quire.memory.space.OpenSpaces;
import io.quire.memory.space.Recount;
import io.quire.memory.space.Space;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Owns a pool of host memory of fixed size and the address spaces that live in it. The pool is taken when the manager
 * is opened and given back when it is closed; in between nothing is asked of the operating system.
 * <pre>{@code
 * try (MemoryManager memory = MemoryManager.builder().hostPool(1L << 30).build();
 *         AddressSpace space = memory.newAddressSpace();
 *         Accessor live = space.accessor()) {
 *     long address = space.map(64L << 20);
 *     live.setLong(address, 42);
 *     try (AddressSpace child = space.fork()) {
 *         live.setLong(address, 43);
 *         assert child.getLong(address) == 42;
 *     }
 * }
 * }</pre>
 * Any thread. An agent on a daemon thread destroys what dropped spaces leave behind; {@link Builder#backgroundAgent}
 * turns it off for those who call {@link #reclaim} on a thread of their own.
 */
public final class MemoryManager implements AutoCloseable {

    private static final System.Logger LOGGER = System.getLogger(MemoryManager.class.getName());

    /** Nodes destroyed in one turn of the agent: well below a millisecond. */
    private static final int NODES_PER_TURN = 256;

    private final Machine machine;
    private final @Nullable AgentRunner agent;

    private MemoryManager(Builder builder) {
        machine = Machine.of(builder.name, new FramePool(builder.frames()), builder.maxSpaces, builder.leakTracking);
        agent = builder.backgroundAgent ? startAgent() : null;
    }

    /** Begins to configure a manager. */
    public static Builder builder() {
        return new Builder();
    }

    /** Opens a space without any mapping, named by its number. */
    public AddressSpace newAddressSpace() {
        return newAddressSpace(null);
    }

    /**
     * Opens a space without any mapping.
     *
     * @param name for messages and statistics; null for a generated one
     * @throws io.quire.memory.contract.TooManySpacesException if the limit of open spaces is reached
     * @throws ClosedException after close
     */
    public AddressSpace newAddressSpace(@Nullable String name) {
        return new AddressSpace(Space.open(machine, name));
    }

    /**
     * Destroys some of what dropped spaces left behind. Needed only without the background agent, and even then every
     * slow path does some of it and nobody is refused a frame before all of it is done.
     *
     * @param nodes at most how many nodes of their tables, each of which frees up to 64 frames; positive
     * @return how many it was; 0 if there is nothing left to do
     * @throws ClosedException after close
     */
    public int reclaim(int nodes) {
        checkOpen();
        return machine.reclaimer().reclaim(nodes);
    }

    public String name() {
        return machine.name();
    }

    /** Reads the counters. Wait-free; approximate while other threads allocate. */
    public MemoryStatistics statistics() {
        checkOpen();
        FramePool pool = machine.pool();
        return new MemoryStatistics((long) pool.capacity() << FramePool.FRAME_SHIFT,
                (long) (pool.capacity() - pool.free()) << FramePool.FRAME_SHIFT, machine.spaces().count(),
                machine.events().forks(), machine.events().zeroFills(), machine.events().copies(),
                machine.events().reuses());
    }

    /** A line for each open space, oldest first, with the stack that created it when leak tracking is on. */
    public List<String> openSpaces() {
        return machine.spaces().list().stream().map(Space::describe).toList();
    }

    /**
     * Gives the pool back to the operating system.
     *
     * @throws OpenSpacesException if a space is open; the manager stays open
     * @throws ClosedException if it is closed already
     */
    @Override
    public void close() {
        checkOpen();
        if (!machine.spaces().seal()) {
            checkOpen();
            throw new OpenSpacesException(name(), openSpaces(), machine.spaces().isLeakTracking() ? ""
                    : "; build the manager with leakTracking(true) to see where they were created");
        }
        if (agent != null) {
            agent.close();
        }
        machine.pool().close();
    }

    /** Counts every reference anew; only while nothing else runs. For tests. */
    void check() {
        Recount.check(machine);
    }

    private AgentRunner startAgent() {
        Agent reclaim = new Agent() {
            @Override
            public int doWork() {
                return machine.reclaimer().reclaim(NODES_PER_TURN);
            }

            @Override
            public String roleName() {
                return "quire-reclaim-" + machine.name();
            }
        };
        // Nobody waits for the agent, so it may sleep long; who needs a frame destroys for himself.
        BackoffIdleStrategy idle = new BackoffIdleStrategy(0, 0, TimeUnit.MILLISECONDS.toNanos(1),
                TimeUnit.MILLISECONDS.toNanos(20));
        AgentRunner runner = new AgentRunner(idle, failure -> LOGGER.log(System.Logger.Level.ERROR,
                "the reclaim agent of memory manager " + machine.name() + " failed", failure), null, reclaim);
        AgentRunner.startOnThread(runner, work -> {
            Thread thread = new Thread(work, reclaim.roleName());
            thread.setDaemon(true);
            return thread;
        });
        return runner;
    }

    private void checkOpen() {
        if (machine.spaces().isSealed()) {
            throw new ClosedException("memory manager " + name());
        }
    }

    @Override
    public String toString() {
        return "MemoryManager[" + name() + (machine.spaces().isSealed() ? ", closed" : ", " + statistics()) + "]";
    }

    /** How a manager shall be. Not safe for use by several threads. */
    public static final class Builder {

        /** What is taken without being told: a quarter of what there is. */
        private static final int DEFAULT_SHARE = 4;

        private static final AtomicBoolean DEFAULT_LOGGED = new AtomicBoolean();

        private String name = "memory";
        private long hostPoolBytes;
        private int maxSpaces = 1 << 16;
        private boolean leakTracking;
        private boolean backgroundAgent = true;

        private Builder() {
        }

        /** The name that shows up in messages and statistics; "memory" if not given. */
        public Builder name(String name) {
            this.name = name;
            return this;
        }

        /**
         * The size of the host pool, which is the limit of what all spaces together can hold. A quarter of the
         * container's or the machine's memory if not given.
         *
         * @param sizeBytes rounded up to whole pages
         * @throws IllegalArgumentException if it is not positive, or more than the machine or the container has
         */
        public Builder hostPool(long sizeBytes) {
            long available = MachineMemory.availableBytes();
            long largest = Math.min(available, (long) FramePool.FRAMES_MAX << FramePool.FRAME_SHIFT);
            if (sizeBytes <= 0 || sizeBytes > largest) {
                throw new IllegalArgumentException("a host pool is positive and fits into the memory of the container "
                        + "or machine: sizeBytes=" + sizeBytes + ", available=" + available + ", largest=" + largest);
            }
            hostPoolBytes = sizeBytes;
            return this;
        }

        /**
         * The most spaces, forks and snapshots that may be open at a time; 65,536 if not given.
         *
         * @throws IllegalArgumentException if it is not between 1 and 524,288
         */
        public Builder maxSpaces(int limit) {
            if (limit < 1 || limit > OpenSpaces.LIMIT) {
                throw new IllegalArgumentException("between 1 and " + OpenSpaces.LIMIT
                        + " spaces can be allowed: limit=" + limit);
            }
            maxSpaces = limit;
            return this;
        }

        /**
         * Whether every space remembers the stack that created it, for the reports of what is open. Makes a fork some
         * microseconds slower; off if not given.
         */
        public Builder leakTracking(boolean on) {
            leakTracking = on;
            return this;
        }

        /** Whether a daemon thread destroys what dropped spaces leave behind; on if not given. */
        public Builder backgroundAgent(boolean on) {
            backgroundAgent = on;
            return this;
        }

        /**
         * Takes the pool and opens the manager.
         *
         * @throws IllegalStateException if the operating system refuses the memory
         */
        public MemoryManager build() {
            return new MemoryManager(this);
        }

        private int frames() {
            return Math.toIntExact((poolBytes() + FramePool.FRAME_BYTES - 1) >>> FramePool.FRAME_SHIFT);
        }

        private long poolBytes() {
            if (hostPoolBytes > 0) {
                return hostPoolBytes;
            }
            long share = Math.min(MachineMemory.availableBytes() / DEFAULT_SHARE,
                    (long) FramePool.FRAMES_MAX << FramePool.FRAME_SHIFT);
            if (DEFAULT_LOGGED.compareAndSet(false, true)) {
                LOGGER.log(System.Logger.Level.INFO, "no hostPool was given: taking a quarter of the available memory, "
                        + share + " bytes");
            }
            return share;
        }
    }
}
