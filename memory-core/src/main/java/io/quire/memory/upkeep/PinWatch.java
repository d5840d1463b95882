package io.quire.memory.upkeep;

import io.quire.memory.contract.PinTerm;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.space.Machine;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Reports short-term pins that are held too long, each once. A pin does not read the clock, which would cost more than
 * the rest of it. So unless its stack was recorded, its time counts from when it is first seen here. One thread at a
 * time.
 */
final class PinWatch {

    private static final System.Logger LOGGER = System.getLogger(PinWatch.class.getName());

    /** How many times to look within the time that a pin may be held. */
    private static final int LOOKS = 10;

    private final Machine machine;
    private final long overstayNanos;
    private long nextLook;
    private Map<PinRecord.Use, Seen> open = Map.of();

    /** What is known of a pin that was open at the last look. */
    private static final class Seen {

        final long sinceNanos;
        boolean isReported;

        Seen(long sinceNanos) {
            this.sinceNanos = sinceNanos;
        }
    }

    /** Watches the pins of all spaces of a machine. */
    PinWatch(Machine machine) {
        this.machine = machine;
        this.overstayNanos = TimeUnit.NANOSECONDS.convert(machine.policies().pinOverstay());
        this.nextLook = System.nanoTime();
    }

    /** Returns how many pins it has reported. Most calls do nothing. */
    int look() {
        return look(System.nanoTime());
    }

    int look(long now) {
        if (now - nextLook < 0) {
            return 0;
        }
        nextLook = now + Math.max(overstayNanos / LOOKS, TimeUnit.MILLISECONDS.toNanos(1));
        return look(machine.openPinCount() == 0 ? List.of() : machine.openPins(), now);
    }

    private int look(List<PinRecord> pins, long now) {
        Map<PinRecord.Use, Seen> still = new HashMap<>();
        for (PinRecord pinned : pins) {
            if (pinned.term() == PinTerm.SHORT) {
                Seen known = open.get(pinned.identity());
                still.put(pinned.identity(), known != null ? known : new Seen(pinned.knownSince(now)));
            }
        }
        open = still; // before the reports: if one fails, no pin loses its time, and no report is made twice
        int reported = 0;
        for (PinRecord pinned : pins) {
            Seen seen = open.get(pinned.identity());
            if (seen != null && !seen.isReported && now - seen.sinceNanos > overstayNanos) {
                report(pinned, now - seen.sinceNanos);
                seen.isReported = true;
                reported++;
            }
        }
        return reported;
    }

    private static void report(PinRecord pinned, long heldNanos) {
        LOGGER.log(System.Logger.Level.WARNING, "a short-term pin has been held too long, for at least "
                + TimeUnit.NANOSECONDS.toMillis(heldNanos) + " ms: " + pinned + pinned.whereItsThreadIs());
    }
}
