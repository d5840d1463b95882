package io.quire.memory.handle;

import java.lang.ref.PhantomReference;
import org.jspecify.annotations.Nullable;

/**
 * What a user was given and has to close, watched without being kept reachable. When nobody can reach it any more and
 * it was not closed, {@link LostHandles} gives back what it holds and says so, once.
 * <p>
 * Two rules make that right. What a user can keep, and what needs something open, refers to the handle of that, however
 * indirectly: a map to its space, a pin to its space, a space to its manager. And nothing that the library keeps by
 * itself, its threads included, refers to any handle. This object is kept by what it would give back, as long as that
 * is open; so it is in no list, and goes with the handle when that was closed.
 */
public abstract class WatchedHandle extends PhantomReference<Object> {

    /** The one behind it, where lost handles wait; of {@link LostHandles}. */
    @Nullable WatchedHandle next;

    /** What the thread of {@link LostHandles} has done with it. */
    boolean isGivenBack;
    boolean isFailureReported;

    protected WatchedHandle(Object handle) {
        super(handle, HandleCollector.QUEUE);
    }

    /** Where it waits to be given back. */
    protected abstract LostHandles lostHandles();

    /**
     * Gives back what the handle held. May wait; called again after it has thrown.
     *
     * @return whether there was anything: it was not closed in time
     */
    protected abstract boolean giveBack();

    /** The kind, the name, the age, and the stack that created it where it is known. */
    protected abstract String describe();
}
