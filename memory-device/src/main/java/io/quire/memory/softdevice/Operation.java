package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a device, from the thread that wants it to the thread of the device and back. The fields that change
 * belong to the device's thread until the operation is finished, and then to the other.
 */
final class Operation {

    /** With the numbers of {@code enum quire_operation_kind}. */
    enum Kind {
        READ(0, DeviceAccess.READ),
        WRITE(1, DeviceAccess.WRITE),
        FILL(2, DeviceAccess.WRITE),
        SUM(3, DeviceAccess.READ),
        COPY(4, DeviceAccess.READ),
        ADD(5, DeviceAccess.ATOMIC),
        READ_MAPPED(6, DeviceAccess.READ);

        final int code;

        /** What it needs at its address; a copy needs to write at its target. */
        final DeviceAccess access;

        Kind(int code, DeviceAccess access) {
            this.code = code;
            this.access = access;
        }

        boolean isRead() {
            return this == READ || this == READ_MAPPED;
        }
    }

    final Kind kind;
    final DeviceMirror mirror;
    final long address;
    final long target;
    final long sizeBytes;
    final long argument;

    long pages;
    long faultRounds;
    long retries;
    long value;

    /** What the mirror threw: the caller of the operation gets to see it. */
    private volatile @Nullable Throwable failure;

    Operation(Kind kind, DeviceMirror mirror, long address, long target, long sizeBytes, long argument) {
        this.kind = kind;
        this.mirror = mirror;
        this.address = address;
        this.target = target;
        this.sizeBytes = sizeBytes;
        this.argument = argument;
    }

    /** Asks the mirror; null if it refused, and then {@link #failure} knows why. */
    @Nullable Translations fault(long first, int count, DeviceAccess access) {
        try {
            Translations answer = mirror.fault(first, count, access);
            List<PageTranslation> found = answer.pages();
            if (found.size() != count || found.getFirst().address() != first) {
                throw new IllegalStateException("the answer is about other pages: asked=0x" + Long.toHexString(first)
                        + ", pages=" + count + ", answered=" + found.size());
            }
            return answer;
        } catch (Throwable refused) { // this thread has nobody else to tell, and may be one of C
            failure = refused;
            return null;
        }
    }

    /** As {@link #fault} had thrown it. */
    void fail(Throwable reason) {
        failure = reason;
    }

    @Nullable Throwable failure() {
        return failure;
    }

    OperationResult result() {
        return new OperationResult(pages, faultRounds, retries, value);
    }
}
