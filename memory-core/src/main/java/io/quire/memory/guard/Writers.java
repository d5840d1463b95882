package io.quire.memory.guard;

import io.quire.memory.platform.MemoryBarrier;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The writers of one space: the slots that threads own, and the shared slots that name the space. To take a permission
 * away, change what writers look at, then call {@link #await()}.
 * <p>
 * Call {@link #add}, {@link #remove} and {@link #await()} under the lock of the space.
 */
public final class Writers {

    /**
     * A write takes nanoseconds. A thread that is in one for so long is stopped, by a debugger or the operating system.
     */
    static final Duration LIMIT = Duration.ofSeconds(10);

    private static final Registration[] NONE = {};

    private final int spaceId;
    private final SharedWriterSlots shared;
    private Registration[] registrations = NONE;

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

    /** Removes a slot. */
    public void remove(WriterSlot slot) {
        registrations = Arrays.stream(registrations).filter(r -> r.slot != slot).toArray(Registration[]::new);
    }

    /**
     * Waits until the writes in progress have ended. Every write that begins later sees what the caller changed before
     * the call. The caller's own slot is clear, because the caller is here.
     *
     * @throws io.quire.memory.contract.WaitTimeoutException if a write has not ended after {@link #LIMIT}
     */
    public void await() {
        boolean alone = true;
        for (Registration registration : registrations) {
            alone &= Ownership.isCurrent(registration.owner);
        }
        // STEP(waiting for writers 1)
        // ORDER(write-in-progress) fence: after it this thread sees a writer's slot, or the writer sees the change.
        // Threads without a slot of their own fence fully themselves, so a caller that is alone needs no membarrier.
        if (alone || !MemoryBarrier.ASYMMETRIC) {
            VarHandle.fullFence();
        } else {
            MemoryBarrier.issue();
        }
        // STEP(waiting for writers 2)
        for (Registration registration : registrations) {
            if (!Ownership.isCurrent(registration.owner)) {
                await(registration);
            }
        }
        // STEP(waiting for writers 3)
        shared.awaitWriters(spaceId);
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
