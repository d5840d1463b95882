package io.quire.memory.pin;

import io.quire.memory.frame.FrameMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An arena in which pins of one space show their pages to any thread, one pin after the other. Closing such an arena is
 * a handshake with every thread of the process, so it is closed once for many pins. The frames of an ended pin stay
 * held until then, so a thread that still reads through its segments never sees memory of somebody else.
 * <p>
 * Under the lock of the space.
 */
public final class SharedViews {

    /** The most that stays held for ended pins: so many pages, of so many pins. */
    private static final int PAGES_MAX = 64;
    private static final int PINS_MAX = 64;

    private final Arena arena = Arena.ofShared();
    private final Ended ended = new Ended(this);
    private int pages;

    /** True if the last attempt to close the arena found native code using a segment. */
    private boolean inUse;

    /** Keeps the open pin that is shown here reachable; null if there is none. */
    private @Nullable Keeper keeper;

    /** The next in the chain of the space's arenas without an open pin. */
    public @Nullable SharedViews next;

    public SharedViews() {
        FrameMemory.keep(this, arena); // so while anybody has a segment, Ended still refers to this
    }

    /**
     * The ended pins of an arena. The reference to the arena is weak: a pin record refers to this, and a strong one
     * would keep the user's pin reachable, so that a forgotten pin could never be found.
     */
    public static final class Ended extends WeakReference<SharedViews> {

        private final List<PinRecord> pins = new ArrayList<>();

        /** The next in the chain of those whose segments nobody can reach and whose pins still hold frames. */
        @Nullable Ended next;

        private Ended(SharedViews views) {
            super(views);
        }

        List<PinRecord> pins() {
            return pins;
        }
    }

    /** Refers to a pin as long as it is open. */
    private static final class Keeper {

        @SuppressWarnings("UnusedVariable") // never read: it only keeps the pin reachable
        private @Nullable Object pin;

        Keeper(Object pin) {
            this.pin = pin;
        }
    }

    /** The segments of a pin, and the arena that they are in. */
    public record Shown(SharedViews views, List<MemorySegment> segments) {
    }

    public Arena arena() {
        return arena;
    }

    public Ended ended() {
        return ended;
    }

    /** Begins to show a pin: until it ends, each of its segments keeps it reachable. */
    public void begin(Object pin) {
        Keeper mine = new Keeper(pin);
        FrameMemory.keep(mine, arena);
        keeper = mine;
    }

    /** Notes that the pin has ended. Its frames stay held. */
    public void end(PinRecord pinned) {
        pages += pinned.pages();
        if (keeper != null) {
            keeper.pin = null;
            keeper = null;
        }
    }

    /** True if no other pin may be shown here. */
    public boolean isFull() {
        return pages >= PAGES_MAX || ended.pins.size() >= PINS_MAX;
    }

    public boolean isInUse() {
        return inUse;
    }

    /** True until the arena is closed. */
    public boolean isOpen() {
        return arena.scope().isAlive();
    }

    /**
     * Ends all segments. It may be called again, also after an Error.
     *
     * @return false if native code is using one; try again later
     */
    public boolean tryClose() {
        try {
            if (isOpen()) {
                arena.close();
            }
            inUse = false;
        } catch (IllegalStateException busy) {
            inUse = true;
        }
        return !inUse;
    }
}
