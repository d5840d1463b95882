package io.quire.memory.frame;

import io.quire.memory.platform.Reservation;
import org.jspecify.annotations.Nullable;

/** A driver whose memory is the library's own, so that free memory can go back to the operating system. */
public interface ReservedMemory {

    /** What the memory belongs to; null without native access. */
    @Nullable Reservation reservation();
}
