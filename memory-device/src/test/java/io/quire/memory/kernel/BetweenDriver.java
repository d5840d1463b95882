package io.quire.memory.kernel;

import io.quire.memory.device.DeviceMirror;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.PrivateDriver;
import io.quire.memory.device.Translations;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/** A driver that lets a test do something in the middle of a migration, after its first copy to the device. */
final class BetweenDriver implements PrivateDriver {

    private final PrivateDriver driver;
    private Runnable between = () -> {};

    BetweenDriver(PrivateDriver driver) {
        this.driver = driver;
    }

    /** Sets what happens once, after the first copy. */
    void between(Runnable act) {
        between = act;
    }

    @Override
    public void copyToDevice(MemorySegment source, int frame) {
        driver.copyToDevice(source, frame);
        Runnable act = between;
        between = () -> {};
        CompletableFuture.runAsync(act).join(); // the library would refuse it on the thread of the driver
    }

    @Override
    public int frames() {
        return driver.frames();
    }

    @Override
    public void copyToHost(int frame, MemorySegment target) {
        driver.copyToHost(frame, target);
    }

    @Override
    public void zero(int frame) {
        driver.zero(frame);
    }

    @Override
    public boolean frameAllocated(int frame) {
        return driver.frameAllocated(frame);
    }

    @Override
    public void frameFreed(int frame) {
        driver.frameFreed(frame);
    }

    @Override
    public void attached(DeviceMirror mirror) {
        driver.attached(mirror);
    }

    @Override
    public void detached(DeviceMirror mirror) {
        driver.detached(mirror);
    }

    @Override
    public boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation) {
        return driver.invalidateStart(mirror, invalidation);
    }

    @Override
    public void invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
        driver.invalidateEnd(mirror, invalidation);
    }

    @Override
    public void mapped(DeviceMirror mirror, Translations translations) {
        driver.mapped(mirror, translations);
    }

    @Override
    public boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        return driver.testAndClearAccessed(mirror, address);
    }

    @Override
    public void close() {
        driver.close();
    }
}
