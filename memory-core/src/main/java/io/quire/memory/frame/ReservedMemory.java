package io.quire.memory.frame;

import io.quire.memory.platform.Reservation;
import org.jspecify.annotations.Nullable;

/** A driver whose memory is the library's own, so that it can give back what is free. */
public interface ReservedMemory {

    /** What the memory is; null without native access. */
    @Nullable Reservation reservation();
}
