package io.quire.memory.attach;

import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import org.jspecify.annotations.Nullable;

/**
 * The invalidations that one mirror tells its device of, in their order. Their number is the one that the driver has to
 * keep too. Under the lock of the space.
 */
final class Announcements {

    private final Mirror mirror;
    private long sequence;

    /** Those that an Error has kept from being answered, or ended; the first of several. */
    private @Nullable Announcement left;

    Announcements(Mirror mirror) {
        this.mirror = mirror;
    }

    /** How many invalidations the driver was told of. */
    long sequence() {
        return sequence;
    }

    /** Prepares to have the device stop using a range. */
    Announcement prepare(InvalidationKind kind, long start, long end, int owner, boolean mayBlock) {
        endWhatWasLeft();
        return new Announcement(mirror, new Invalidation(kind, start, end, owner, sequence + 1, mayBlock));
    }

    /** Ends what an Error has kept from being ended, before anything else is told or asked. */
    void endWhatWasLeft() {
        while (left != null) {
            Announcement first = left;
            first.awaitUnanswered();
            first.end();
            left = first.next;
        }
    }

    /** Keeps an announcement that could not be ended: {@link #endWhatWasLeft} does it. */
    void leave(Announcement unended) {
        unended.next = left;
        left = unended;
    }

    /** The driver is about to be told of one more. */
    void count() {
        sequence++;
    }

    /** The driver was not told of the last one, or has refused it. */
    void countNot() {
        sequence--;
    }
}
