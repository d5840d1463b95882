package io.quire.memory.handle;

import java.lang.ref.PhantomReference;
import org.jspecify.annotations.Nullable;

/**
 * Watches a handle without keeping it reachable. If the handle becomes unreachable without being closed,
 * {@link LostHandles} gives back what it holds and reports it, once.
 * <p>
 * Two rules make that right. First, an object that a user can keep refers, directly or not, to each handle that it
 * needs open: a map to its space, a pin to its space, a space to its manager. Second, nothing that the library itself
 * keeps, its threads included, refers to a handle. What this object would give back refers to this object as long as it
 * is open. So no list of watched handles is needed, and when the handle is closed both become garbage together.
 */
public abstract class WatchedHandle extends PhantomReference<Object> {

    /** The next handle in the stack of {@link LostHandles}. */
    @Nullable WatchedHandle next;

    /** What the thread of {@link LostHandles} has done. */
    boolean isGivenBack;
    boolean isFailureReported;

    protected WatchedHandle(Object handle) {
        super(handle, HandleCollector.QUEUE);
    }

    /** The lost handles of its machine. */
    protected abstract LostHandles lostHandles();

    /**
     * Gives back what the handle held. May wait. Called again if it throws.
     *
     * @return true if there was something to give back, because the handle had not been closed
     */
    protected abstract boolean giveBack();

    /** The kind, the name, the age, and the stack that created it, if known. */
    protected abstract String describe();
}
