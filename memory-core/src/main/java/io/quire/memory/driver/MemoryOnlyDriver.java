package io.quire.memory.driver;

import io.quire.memory.device.CoherentDriver;
import io.quire.memory.frame.ReservedMemory;
import io.quire.memory.platform.NativeAccess;
import io.quire.memory.platform.Reservation;
import io.quire.memory.table.Geometry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Memory that is a tier of its own without anything that computes on it. It is taken when it is asked for first, which
 * is when its manager is built. It is no code of a user, and does nothing, so it is called in place.
 */
public final class MemoryOnlyDriver extends IdleDriver implements CoherentDriver, ReservedMemory {

    private final long sizeBytes;
    private @Nullable Reservation reservation;
    private @Nullable MemorySegment memory;

    /** @param sizeBytes whole pages */
    public MemoryOnlyDriver(long sizeBytes) {
        this.sizeBytes = sizeBytes;
    }

    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public MemorySegment memory() {
        MemorySegment known = memory;
        return known != null ? known : take();
    }

    private MemorySegment take() {
        MemorySegment taken;
        if (NativeAccess.ENABLED) {
            Reservation mine = Reservation.of(sizeBytes);
            reservation = mine;
            taken = mine.segment();
        } else {
            taken = Arena.ofAuto().allocate(sizeBytes, Geometry.PAGE_BYTES); // to close it would end the addresses too
        }
        memory = taken;
        return taken;
    }

    @Override
    public @Nullable Reservation reservation() {
        return reservation;
    }

    @Override
    public void close() {
        Reservation mine = reservation;
        if (mine != null) {
            mine.close();
        }
    }
}
