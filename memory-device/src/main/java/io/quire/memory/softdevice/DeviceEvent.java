package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.InvalidationKind;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened to a device.
 *
 * @param number 1 for the first event, one more for each further one
 * @param type what happened
 * @param mirror the number of the mirror; 0 if it is about none
 * @param start the first address of the range; 0 if it is about none
 * @param end the address behind the range
 * @param sequence of the invalidation, or of the answer to a fault
 * @param kind of the invalidation; null for other events
 * @param access what a fault asked for; null for other events
 * @param owner of the invalidation; 0 for other events
 * @param frame of the device; -1 if it is about none
 * @see SoftwareDevice#events
 */
public record DeviceEvent(long number, Type type, long mirror, long start, long end, long sequence,
        @Nullable InvalidationKind kind, @Nullable DeviceAccess access, int owner, int frame) {

    /** What happened. */
    public enum Type {
        /** A mirror was attached. */
        ATTACHED,
        /** A mirror was detached. */
        DETACHED,
        /** An invalidation began: the translations of its range were removed. */
        INVALIDATE_START,
        /** An invalidation ended. */
        INVALIDATE_END,
        /** An invalidation was refused: the device would have had to wait. */
        INVALIDATE_REFUSED,
        /** The library answered or refused a fault. */
        FAULT,
        /** The answer to the fault before came too late. */
        OUTDATED,
        /** The library offered translations that the device had not asked for. */
        MAPPED,
        /** A frame was allocated. */
        ALLOCATED,
        /** A frame was refused. */
        ALLOCATION_REFUSED,
        /** A frame was freed. */
        FREED,
        /** The processor copied a page into a frame. */
        COPIED_IN,
        /** The processor copied a frame out. */
        COPIED_OUT,
        /** The processor set a frame to zeros. */
        ZEROED,
        /** A copy failed because a test wanted it to. */
        COPY_FAILED
    }

    /**
     * Translates an event of the native device, where one number is the kind of an invalidation or the access of a
     * fault.
     */
    static DeviceEvent of(long number, int type, long mirror, long start, long end, long sequence, int kind, int owner,
            int frame) {
        Type named = Codes.EVENTS.get(type);
        boolean invalidation = switch (named) {
            case INVALIDATE_START, INVALIDATE_END, INVALIDATE_REFUSED -> true;
            default -> false;
        };
        return new DeviceEvent(number, named, mirror, start, end, sequence, invalidation ? Codes.KINDS.get(kind) : null,
                named == Type.FAULT ? Codes.ACCESSES.get(kind) : null, owner, frame);
    }
}
