package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The writers of one space: the slots that threads own, and the shared slots that name the space. To take a permission
 * away, change what writers look at, make a new version, then call {@link #await}.
 * <p>
 * A thread that writes looks at the version each time, and a thread in a slow path has promised to. So most threads
 * know of a new version within a microsecond. Only a thread that has written and then does something else does not: for
 * it the kernel has to interrupt all processors, which takes much longer.
 * <p>
 * Call {@link #add}, {@link #remove} and {@link #await} under the lock of the space.
 */
public final class Writers {

    /**
     * A write takes nanoseconds. A thread that is in one for so long is stopped, by a debugger or the operating system.
     */
    static final Duration LIMIT = Duration.ofSeconds(10);

    /** How long to ask threads if they know the version; less than the kernel needs to interrupt them. */
    private static final long ASK_NANOS = TimeUnit.MICROSECONDS.toNanos(4);

    /** On a single processor nobody could answer while this thread asks. */
    private static final boolean MAY_ASK = Runtime.getRuntime().availableProcessors() > 1;

    private static final Registration[] NONE = {};

    private final int spaceId;
    private final SharedWriterSlots shared;
    private Registration[] registrations = NONE;

    /** The latest version that all writers were waited for. */
    private long awaited;

    /** True once a thread without a slot of its own has written. Until then nobody looks through the shared slots. */
    private volatile boolean areShared;

    public Writers(int spaceId, SharedWriterSlots shared) {
        this.spaceId = spaceId;
        this.shared = shared;
    }

    /** Adds the slot of a thread. */
    public void add(WriterSlot slot, Thread owner) {
        Registration[] more = Arrays.copyOf(registrations, registrations.length + 1);
        more[registrations.length] = new Registration(slot, owner);
        registrations = more;
    }

    /** Enters a shared slot, for a thread without one of its own. Any thread; without the lock. */
    public int enterShared() {
        if (!areShared) {
            // ORDER(slots-shared) release, and the exchange that claims the slot is a full fence.
            areShared = true;
        }
        return shared.enter(spaceId);
    }

    /** Leaves a shared slot. */
    public void exitShared(int slot) {
        shared.exit(slot);
    }

    /** Removes a slot. */
    public void remove(WriterSlot slot) {
        registrations = Arrays.stream(registrations).filter(r -> r.slot != slot).toArray(Registration[]::new);
    }

    /**
     * Waits until the writes in progress have ended. Every write that begins later sees what the caller changed before
     * the call. The caller's own slot is clear, because the caller is here.
     *
     * @param version the version that the caller made after the change
     * @throws io.quire.memory.contract.WaitTimeoutException if a write has not ended after {@link #LIMIT}
     */
    public void await(long version) {
        // STEP(waiting for writers 1)
        // ORDER(writer-armed) fence, ORDER(write-in-progress) fence: after it this thread sees by which version a
        // writer may write, or the writer sees the change.
        VarHandle.fullFence();
        // STEP(waiting for writers 2)
        if (!haveAllSeen(version)) {
            awaitSlots();
        }
        // STEP(waiting for writers 4)
        // ORDER(slots-shared) acquire, after the fence of step 1: if this is false, the first thread that claims a slot
        // sees the change.
        if (areShared) {
            shared.awaitWriters(spaceId);
        }
        awaited = version;
    }

    /** Asks the other threads, for a few microseconds, if they know the version. */
    private boolean haveAllSeen(long version) {
        long begin = 0;
        for (Registration registration : registrations) {
            while (!Ownership.isCurrent(registration.owner) && !registration.slot.hasSeen(version, awaited)) {
                long now = System.nanoTime();
                begin = begin == 0 ? now : begin;
                if (!MAY_ASK || now - begin > ASK_NANOS) {
                    return false;
                }
                Thread.onSpinWait();
            }
        }
        return true;
    }

    private void awaitSlots() {
        // STEP(waiting for writers 3)
        // ORDER(write-in-progress) fence: after it this thread sees a writer's slot, or the writer sees the change.
        // Threads without a slot of their own fence fully themselves.
        if (MemoryBarrier.ASYMMETRIC) {
            MemoryBarrier.issue();
        }
        for (Registration registration : registrations) {
            if (!Ownership.isCurrent(registration.owner)) {
                await(registration);
            }
        }
    }

    private static void await(Registration registration) {
        if (registration.slot.isWriting()) {
            WriterStack stack = new WriterStack();
            Wait.until(() -> !registration.slot.isWriting() || stack.isOutside(registration.owner), LIMIT,
                    () -> describe(registration.owner));
        }
    }

    /** Names the write that this thread waits for. Virtual threads often have no name. */
    static String describe(@Nullable Thread writer) {
        return "a write by thread " + (writer == null ? "unknown"
                : writer.getName().isEmpty() ? writer.toString() : writer.getName());
    }

    private record Registration(WriterSlot slot, Thread owner) {
    }
}
