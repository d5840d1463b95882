package io.quire.memory.attach;

import io.quire.memory.contract.DriverFailedException;
import io.quire.memory.device.Invalidation;
import io.quire.memory.driver.DriverCall;
import org.jspecify.annotations.Nullable;

/**
 * An invalidation that one device is told of. All its objects are made before the device hears of it. If an Error comes
 * out of a step, the other steps are done later, at the latest before the device is told anything else.
 */
final class Announcement {

    private enum State { PREPARED, BEGUN, GRANTED, ENDED, REFUSED }

    /** The next announcement that was left unended: see {@link Announcements#leave}. */
    @Nullable Announcement next;

    private final Mirror mirror;
    private final Invalidation invalidation;
    private final DriverCall<Boolean> start;
    private final DeviceNews end;
    private State state = State.PREPARED;
    private long answersBefore;

    Announcement(Mirror mirror, Invalidation invalidation) {
        this.mirror = mirror;
        this.invalidation = invalidation;
        ManagedDevice device = mirror.device();
        this.start = device.calls().prepare("invalidate " + invalidation.kind(),
                () -> device.driver().invalidateStart(mirror, invalidation));
        this.end = new DeviceNews(device, "end of invalidation",
                () -> device.driver().invalidateEnd(mirror, invalidation));
    }

    /** Begins to ask the device. */
    void begin() {
        state = State.BEGUN;
        mirror.announcements().count();
        boolean begun = false;
        try {
            mirror.device().calls().begin(start);
            begun = true;
        } finally {
            if (!begun) {
                forgetIfNeverMade();
            }
        }
    }

    /** Takes the announcement back if the driver has not seen it, and never will. */
    private void forgetIfNeverMade() {
        if (start.abandon() || start.isAbandoned()) {
            mirror.announcements().countNot();
            state = State.REFUSED;
        }
    }

    /**
     * Waits for the answer. The caller has held the lock since it asked.
     *
     * @return false if the driver refused because it would have to wait; then it hears of no end
     * @throws DriverFailedException if the driver failed; then it hears of no end
     */
    boolean awaitGranted() {
        if (state != State.BEGUN) {
            return state == State.GRANTED;
        }
        boolean granted;
        try {
            granted = start.await();
        } catch (DriverFailedException failed) {
            state = State.REFUSED;
            throw failed;
        } catch (Throwable error) {
            forgetIfNeverMade();
            throw error;
        }
        if (granted) {
            state = State.GRANTED;
            answersBefore = mirror.mappedPages().answers();
            mirror.granted(invalidation);
        } else {
            state = State.REFUSED;
            mirror.announcements().countNot();
        }
        return granted;
    }

    /** Waits for an answer that nobody needs any more: a device that grants it has to hear of the end. */
    void awaitUnanswered() {
        try {
            awaitGranted();
        } catch (DriverFailedException failed) {
            DeviceNews.logNotTaken(mirror.device(), "invalidation", failed);
        }
    }

    /** Begins to tell the device that the invalidation is over. */
    void end() {
        if (state == State.GRANTED) {
            end.begin();
            state = State.ENDED;
        }
    }

    /** Waits until the device knows. */
    void awaitEnd() {
        end.await();
    }

    /** Begins to end it. Throws nothing: a step that fails now is done later. */
    void close() {
        try {
            awaitUnanswered();
            end();
        } catch (Throwable later) {
            mirror.announcements().leave(this);
        }
    }

    /** True if a device knows of this, and was given no translation of any page since. */
    boolean covers(Mirror other) {
        return other == mirror && (state == State.GRANTED || state == State.ENDED)
                && answersBefore == mirror.mappedPages().answers();
    }

    Mirror mirror() {
        return mirror;
    }

    Invalidation invalidation() {
        return invalidation;
    }
}
