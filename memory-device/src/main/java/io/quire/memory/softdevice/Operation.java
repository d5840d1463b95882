package io.quire.memory.softdevice;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One operation of a device. It goes from the thread that wants it to the device's thread and back. The mutable fields
 * belong to the device's thread until the operation is finished, and then to the other thread.
 */
final class Operation {

    /** The kinds of operations, with the numbers of {@code enum quire_operation_kind}. */
    enum Kind {
        READ(0, DeviceAccess.READ),
        WRITE(1, DeviceAccess.WRITE),
        FILL(2, DeviceAccess.WRITE),
        SUM(3, DeviceAccess.READ),
        COPY(4, DeviceAccess.READ),
        ADD(5, DeviceAccess.ATOMIC),
        READ_MAPPED(6, DeviceAccess.READ);

        final int code;

        /** The access that the operation needs at its address. A copy also needs to write at its target. */
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

    /** What the mirror threw. The caller of the operation gets it. */
    private volatile @Nullable Throwable failure;

    Operation(Kind kind, DeviceMirror mirror, long address, long target, long sizeBytes, long argument) {
        this.kind = kind;
        this.mirror = mirror;
        this.address = address;
        this.target = target;
        this.sizeBytes = sizeBytes;
        this.argument = argument;
    }

    /** Asks the mirror for translations. Returns null if the mirror refused; then {@link #failure} says why. */
    @Nullable Translations fault(long first, int count, DeviceAccess access) {
        try {
            Translations answer = mirror.fault(first, count, access);
            List<PageTranslation> found = answer.pages();
            if (found.size() != count || found.getFirst().address() != first) {
                throw new IllegalStateException("the answer is about other pages: asked=0x" + Long.toHexString(first)
                        + ", pages=" + count + ", answered=" + found.size());
            }
            return answer;
        } catch (Throwable refused) { // C may have called this, and an exception that reaches C ends the JVM
            failure = refused;
            return null;
        }
    }

    /** Records a failure, as if {@link #fault} had failed with it. */
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
