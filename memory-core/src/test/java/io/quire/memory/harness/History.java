package io.quire.memory.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.ManagerCheck;
import io.quire.memory.MemoryManager;
import io.quire.memory.contract.MemoryException;
import io.quire.memory.contract.OutOfFramesException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The random history of one thread. Each step is done to a {@link Twin}: to a space and to its model. The model says
 * what must come out, or which exceptions may refuse the step. A step that is refused leaves everything as it was.
 * Running out of frames is part of the game.
 *
 * <p>This class draws the steps, runs them and remembers the last of them for the message of a failure. A subclass
 * registers the steps with {@link #add} and says how to check the spaces.
 */
public abstract class History {

    private static final int SPACES_MAX = 8;
    private static final int STEPS_SHOWN = 40;
    private static final int STEPS_PER_RECOUNT = 400;

    protected final MemoryManager manager;
    protected final SplittableRandom random;

    private final List<Twin> twins = new ArrayList<>();
    private final Deque<String> lastSteps = new ArrayDeque<>();

    /** Each step under the sum of the weights up to it. */
    private final NavigableMap<Integer, Step> choices = new TreeMap<>();
    private int weights;
    private int steps;
    private int outOfFrames;

    /** Something to do to a space, at or near an address. */
    @FunctionalInterface
    protected interface Step {
        void run(Twin twin, long address);
    }

    protected History(MemoryManager manager, SplittableRandom random) {
        this.manager = manager;
        this.random = random;
    }

    /** Registers a step; the greater its weight, the more often it is drawn. */
    protected final void add(int weight, Step step) {
        weights += weight;
        choices.put(weights, step);
    }

    // ---- what a subclass decides

    /** Draws the address of a step. */
    protected abstract long anyAddress(Twin twin);

    /** Maps some pages. */
    protected abstract void map(Twin twin);

    /** Checks what must hold between two steps; the address is that of the last step. */
    protected abstract void check(Twin twin, long address);

    /** Compares every space with its model. */
    protected abstract void compareAll();

    /** Called before a space is closed. */
    protected abstract void beforeClose(Twin twin);

    /** Called before pages lose their content because they are unmapped or discarded. */
    protected void beforeLoss(Twin twin, long address, long sizeBytes) {
    }

    /** Called when a write failed. By default such a write has changed nothing. */
    protected void afterFailedWrite(Twin twin, long address, byte[] bytes) {
    }

    /** Returns true if a fault that the history has injected explains a failure. */
    protected boolean isInjected(MemoryException failure) {
        return false;
    }

    // ---- the course of a history

    /** Does some steps as the only user of the manager, and recounts its references from time to time. */
    public final void play(int count) {
        for (int i = 1; i <= count; i++) {
            step();
            if (i % STEPS_PER_RECOUNT == 0) {
                guarded(() -> {
                    compareAll();
                    ManagerCheck.recount(manager);
                });
            }
        }
    }

    /** Does one step and checks the result. */
    public final void step() {
        steps++;
        guarded(() -> {
            if (twins.isEmpty() || (twins.size() == 1 && random.nextInt(20) == 0)) {
                note("open");
                twins.add(new Twin(manager.newAddressSpace(), new ModelSpace(), false));
            }
            Twin twin = anyTwin();
            if (twin.model().ranges().isEmpty() && !twin.model().isSnapshot()) {
                map(twin);
            }
            long address = anyAddress(twin);
            choices.higherEntry(random.nextInt(weights)).getValue().run(twin, address);
            check(twin, address);
        });
    }

    /** Runs something; a failure shows the last steps. */
    private void guarded(Runnable action) {
        try {
            action.run();
        } catch (Throwable failure) {
            throw new AssertionError("step " + steps + " failed: " + failure.getMessage() + "\nthe last steps were\n  "
                    + String.join("\n  ", lastSteps), failure);
        }
    }

    /** Returns how many steps failed because no frame was free. */
    public final int outOfFrames() {
        return outOfFrames;
    }

    // ---- spaces

    /** Plays in a space that other threads use too. The history keeps to addresses that it maps itself. */
    public final void borrow(AddressSpace space) {
        twins.add(new Twin(space, new ModelSpace(), true));
        map(twins.getLast());
    }

    /** Forks a space, or makes a snapshot of it; closes another space first if there are too many. */
    protected final void fork(Twin twin) {
        boolean asSnapshot = random.nextInt(4) == 0;
        if (twins.size() == SPACES_MAX) {
            closeAny();
        }
        if (twins.contains(twin)) {
            note("%s %s", asSnapshot ? "snapshot" : "fork", twin);
            twins.add(twin.fork(asSnapshot));
        }
    }

    /** Closes one of the spaces, unless that one is borrowed. */
    protected final void closeAny() {
        if (!twins.isEmpty()) {
            Twin twin = anyTwin();
            if (!twin.isBorrowed()) {
                close(twin);
            }
        }
    }

    protected final void close(Twin twin) {
        note("close %s", twin);
        twins.remove(twin);
        beforeClose(twin);
        twin.close();
    }

    /** Returns the spaces that are open now. */
    protected final List<Twin> twins() {
        return List.copyOf(twins);
    }

    protected final Twin anyTwin() {
        return twins.get(random.nextInt(twins.size()));
    }

    // ---- what the steps are made of

    /** Does something that writes these bytes, to the space and to the model. */
    protected final void writes(Twin twin, long address, byte[] bytes, Set<Class<? extends MemoryException>> refusals,
            boolean maySucceed, Runnable action) {
        if (succeeds(refusals, maySucceed, action)) {
            twin.model().write(address, bytes);
        } else {
            afterFailedWrite(twin, address, bytes);
        }
    }

    /** Does something that must succeed, unless there is a reason to refuse it. */
    protected final boolean succeeds(Set<Class<? extends MemoryException>> refusals, Runnable action) {
        return succeeds(refusals, refusals.isEmpty(), action);
    }

    /**
     * Does something and returns true if it succeeded. Any step may run out of frames, or meet an injected fault.
     *
     * @param refusals the exceptions that may refuse the step
     * @param maySucceed false if one of them has to
     */
    protected final boolean succeeds(Set<Class<? extends MemoryException>> refusals, boolean maySucceed,
            Runnable action) {
        try {
            action.run();
        } catch (OutOfFramesException full) {
            note("out of frames");
            outOfFrames++;
            closeAny();
            return false;
        } catch (MemoryException failure) {
            if (!refusals.contains(failure.getClass()) && !isInjected(failure)) {
                throw failure;
            }
            note("failed: %s", failure.getClass().getSimpleName());
            return false;
        }
        assertThat(maySucceed).as("a step that had to be refused with %s succeeded", refusals).isTrue();
        return true;
    }

    protected final byte[] anyBytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Draws a size in bytes: often small, now and then none or many pages. */
    protected final int anySize() {
        return switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1, 2 -> random.nextInt(20);
            case 3 -> random.nextInt(20) == 0 ? random.nextInt(70 * ModelSpace.PAGE) : ModelSpace.PAGE;
            default -> random.nextInt(3 * ModelSpace.PAGE);
        };
    }

    /** Remembers what happens, for the message of a failure. */
    protected final void note(String format, @Nullable Object... arguments) {
        if (lastSteps.size() == STEPS_SHOWN) {
            lastSteps.removeFirst();
        }
        lastSteps.add(steps + ": " + String.format(format, arguments));
    }
}
