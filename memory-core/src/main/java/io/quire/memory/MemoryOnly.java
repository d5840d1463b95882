package io.quire.memory;

import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.platform.Reservation;
import io.quire.memory.table.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory that is a tier of its own without anything that computes on it. */
final class MemoryOnly implements CoherentDriver {

    private final @Nullable Reservation reservation;
    private final MemorySegment memory;

    MemoryOnly(long sizeBytes) {
        if (NativeAccess.ENABLED) {
            reservation = Reservation.of(sizeBytes);
            memory = reservation.segment();
        } else {
            reservation = null; // its close would end the addresses too
            memory = Arena.ofAuto().allocate(sizeBytes, Geometry.PAGE_BYTES);
        }
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean frameAllocated(int frame) {
        return true;
    }

    @Override
    public void frameFreed(int frame) {
    }

    @Override
    public void attached(DeviceMirror mirror) {
    }

    @Override
    public void detached(DeviceMirror mirror) {
    }

    @Override
    public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        return true;
    }

    @Override
    public void close() {
        if (reservation != null) {
            reservation.close();
        }
    }
}
