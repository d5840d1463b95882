package io.quire.memory.driver;

import io.quire.memory.device.DeviceDriver;
import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;

/** A driver that agrees to everything and does nothing. Subclasses say what kind of memory it has. */
public abstract class IdleDriver implements DeviceDriver {

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
