package io.quire.memory.tier;

/**
 * The place of a frame in {@link EvictionQueues}: one of nine, in a byte. All methods are pure.
 * <pre>
 *          remembered                         accessed (to the tail)
 *  OUT ----------------------------+          +---------+
 *   |                              v          v         |
 *   | added     accessed         MAIN ----&gt; MAIN_HELD --+--&gt; WARM ----&gt; WARM_HELD
 *   v         +-----------------&gt;  ^          |              ^             |   |
 * SMALL --&gt; SMALL_HELD             +----------|--------------|-------------+   | accessed
 *             | not accessed       |          | not accessed +-----------------+
 *             v                    |          v
 *          SMALL_VICTIM --skipped--+---- MAIN_VICTIM
 *             | removed                       | removed
 *             v                               v
 *            OUT, remembered                 OUT
 * </pre>
 * The evictor is looking at a HELD frame; like a victim, it is in no list. From every place {@code removed} leads to
 * OUT.
 */
public final class Place {

    static final byte OUT = 0;

    /** In the list of newcomers. */
    static final byte SMALL = 1;

    /** In the list of frames that were used; becomes a victim at the next look unless accessed. */
    static final byte MAIN = 2;

    /** As MAIN, but accessed in the last round: has an extra round. */
    static final byte WARM = 3;

    static final byte SMALL_HELD = 4;
    static final byte MAIN_HELD = 5;
    static final byte WARM_HELD = 6;
    static final byte SMALL_VICTIM = 7;
    static final byte MAIN_VICTIM = 8;

    static final int COUNT = 9;

    private static final String[] NAMES = {"OUT", "SMALL", "MAIN", "WARM", "SMALL_HELD", "MAIN_HELD", "WARM_HELD",
        "SMALL_VICTIM", "MAIN_VICTIM"};

    private Place() {
    }

    static boolean isInSmall(byte place) {
        return place == SMALL;
    }

    static boolean isInMain(byte place) {
        return place == MAIN || place == WARM;
    }

    /** Taken out of its list, to be looked at. */
    static boolean isHeld(byte place) {
        return place == SMALL_HELD || place == MAIN_HELD || place == WARM_HELD;
    }

    /** Offered to the caller, who has not answered yet. */
    static boolean isVictim(byte place) {
        return place == SMALL_VICTIM || place == MAIN_VICTIM;
    }

    /** From a list to the evictor. */
    static byte held(byte place) {
        return switch (place) {
            case SMALL -> SMALL_HELD;
            case MAIN -> MAIN_HELD;
            case WARM -> WARM_HELD;
            default -> throw noTransition("held", place);
        };
    }

    /** From the evictor to where the accessed bit sends it. */
    static byte looked(byte place, boolean accessed) {
        return switch (place) {
            case SMALL_HELD -> accessed ? MAIN : SMALL_VICTIM;
            case MAIN_HELD -> accessed ? WARM : MAIN_VICTIM;
            case WARM_HELD -> accessed ? WARM : MAIN;
            default -> throw noTransition("looked", place);
        };
    }

    static String toString(byte place) {
        return NAMES[place];
    }

    private static IllegalArgumentException noTransition(String transition, byte place) {
        return new IllegalArgumentException("no such transition: transition=" + transition + ", place="
                + toString(place));
    }
}
