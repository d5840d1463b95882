package io.quire.memory.pin;

import io.quire.memory.frame.FrameMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The arena in which pins of one space show their pages to any thread, one pin after the other. Closing an arena of
 * that kind is a handshake with every thread of the process. So it is closed once for many pins: the frames of a pin
 * that has ended are held until then, and what somebody still reads through its segments is never another's.
 * <p>
 * Under the lock of the space.
 */
public final class SharedViews {

    /** What may be held for pins that have ended: as many pages, of as many pins. */
    private static final int PAGES_MAX = 64;
    private static final int PINS_MAX = 64;

    private final Arena arena = Arena.ofShared();
    private final Ended ended = new Ended(this);
    private int pages;

    /** Native code was using a segment when the arena was to be closed. */
    private boolean inUse;

    /** What keeps the pin reachable whose segments these are now. */
    private @Nullable Keeper keeper;

    /** Among those of the space that show nothing now. */
    public @Nullable SharedViews next;

    public SharedViews() {
        FrameMemory.keep(this, arena); // whoever has a segment has this, and by this what has ended is known
    }

    /** The pins that have ended, for who may know them without keeping the segments from being forgotten. */
    public static final class Ended extends WeakReference<SharedViews> {

        private final List<PinRecord> pins = new ArrayList<>();

        /** Among those of the space whose segments nobody can reach, and whose pins are not all let go. */
        @Nullable Ended next;

        private Ended(SharedViews views) {
            super(views);
        }

        List<PinRecord> pins() {
            return pins;
        }
    }

    /** Holds a pin as long as it is open. */
    private static final class Keeper {

        @SuppressWarnings("UnusedVariable") // it is there to be reachable
        private @Nullable Object pin;

        Keeper(Object pin) {
            this.pin = pin;
        }
    }

    /** What a pin shows. */
    public record Shown(SharedViews views, List<MemorySegment> segments) {
    }

    public Arena arena() {
        return arena;
    }

    public Ended ended() {
        return ended;
    }

    /** A pin shows its pages here: who has a segment keeps the pin reachable until it ends. */
    public void begin(Object pin) {
        Keeper mine = new Keeper(pin);
        FrameMemory.keep(mine, arena);
        keeper = mine;
    }

    /** The pin has ended; its frames stay held. */
    public void end(PinRecord pinned) {
        pages += pinned.pages();
        if (keeper != null) {
            keeper.pin = null;
            keeper = null;
        }
    }

    /** Whether no other pin may be shown here before the arena is closed. */
    public boolean isFull() {
        return pages >= PAGES_MAX || ended.pins.size() >= PINS_MAX;
    }

    public boolean isInUse() {
        return inUse;
    }

    /** Whether another pin may be shown here. */
    public boolean isOpen() {
        return arena.scope().isAlive();
    }

    /**
     * Ends all segments; again has no effect, also after an Error.
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
