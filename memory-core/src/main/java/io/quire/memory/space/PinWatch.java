package io.quire.memory.space;

import io.quire.memory.contract.PinTerm;
import java.util.concurrent.TimeUnit;

/** Reports short-term pins that are held too long, each once. One thread at a time. */
public final class PinWatch {

    private static final System.Logger LOGGER = System.getLogger(PinWatch.class.getName());

    /** Looks so many times in the time that is allowed. */
    private static final int LOOKS = 10;

    private final Machine machine;
    private final long overstayNanos;
    private long nextLook;

    /** Watches the pins of all spaces of a machine. */
    public PinWatch(Machine machine) {
        this.machine = machine;
        this.overstayNanos = machine.policies().pinOverstay().toNanos();
        this.nextLook = System.nanoTime();
    }

    /** Reports; how many. Does nothing most of the times it is called. */
    public int look() {
        long now = System.nanoTime();
        if (now - nextLook < 0) {
            return 0;
        }
        nextLook = now + Math.max(overstayNanos / LOOKS, TimeUnit.MILLISECONDS.toNanos(1));
        if (machine.openPinCount() == 0) {
            return 0;
        }
        int reported = 0;
        for (Pinned pinned : machine.openPins()) {
            boolean overstays = pinned.term() == PinTerm.SHORT
                    && pinned.age().compareTo(machine.policies().pinOverstay()) > 0;
            if (overstays && pinned.report()) {
                LOGGER.log(System.Logger.Level.WARNING, "a short-term pin has been held too long: " + pinned
                        + pinned.whereItsThreadIs());
                reported++;
            }
        }
        return reported;
    }
}
