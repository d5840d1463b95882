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
 * The driver of memory that is a tier of its own, with no device that computes on it. The memory is taken when it is
 * first asked for, while its manager is built. The driver is not a user's code and does nothing, so it is called in
 * place.
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
            // No arena that can be closed: its addresses would end too, and a late reader may still load from them.
            taken = Arena.ofAuto().allocate(sizeBytes, Geometry.PAGE_BYTES);
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
