package io.quire.memory;

import io.quire.memory.device.CoherentDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that is a tier of its own without anything that computes on it. */
final class MemoryOnly implements CoherentDriver {

    private final MemorySegment memory;

    MemoryOnly(long sizeBytes) {
        memory = Arena.ofAuto().allocate(sizeBytes, 4096);
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
    }
}
