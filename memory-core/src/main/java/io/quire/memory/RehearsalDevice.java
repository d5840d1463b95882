package io.quire.memory;

import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.driver.IdleDriver;
import java.lang.foreign.MemorySegment;

/** The private device of a {@link Rehearsal}: agrees to everything, and its frames hold nothing but zeros. */
final class RehearsalDevice extends IdleDriver implements PrivateDriver {

    private static final int FRAMES = 64;

    @Override
    public int frames() {
        return FRAMES;
    }

    @Override
    public void copyToDevice(MemorySegment source, int frame) {
    }

    @Override
    public void copyToHost(int frame, MemorySegment target) {
        target.fill((byte) 0);
    }

    @Override
    public void zero(int frame) {
    }

    @Override
    public boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        return true;
    }
}
