package io.quire.memory.device;

/**
 * The part of a device that the library calls; implement {@link CoherentDriver} or {@link PrivateDriver}.
 * <p>
 * <b>The device's page table holds no references.</b> It is right because of one rule: between
 * {@link #invalidateStart} and the next fault the device uses no translation of the range, and it installs none that is
 * older. The driver keeps, for each mirror, the sequence of the last {@code invalidateStart}; under the lock that
 * {@code invalidateStart} takes, it installs translations only if theirs is the same, and asks again if not.
 * <p>
 * <b>Threads.</b> The library calls one driver from one thread at a time, {@link #frameAllocated},
 * {@link #frameFreed} and their like for many frames from any. {@code invalidateStart} may wait for accesses in
 * progress, never for a fault in progress: the library holds the space's lock meanwhile, which the fault wants.
 * <p>
 * <b>Failures.</b> A method that throws fails the operation that called it, with the device named; a space is never
 * left half changed. One that does not return within the manager's deadline fails the operation too, and the device
 * counts as lost: nothing is asked of it any more but by closing it. What it was filling when it was lost is given to
 * nobody; that it uses no translation any more is for the driver to see to. A driver that throws from {@code
 * invalidateStart} keeps the sequence first.
 */
public interface DeviceDriver extends AutoCloseable {

    /**
     * A frame of this device is about to be used. Any thread; quick.
     *
     * @param frame 0 to the number of frames - 1
     * @return false to refuse; the library goes on as if the device were full
     */
    boolean frameAllocated(int frame);

    /**
     * Frames of this device are about to be used: as {@link #frameAllocated} for one after the other. Any thread;
     * quick. A driver that throws has granted none.
     *
     * @param frames different ones
     * @return how many of them, from the first on, are granted; if not all, the next one is refused, and those after it
     *         count as not asked for
     */
    default int framesAllocated(int[] frames) {
        int granted = 0;
        try {
            while (granted < frames.length && frameAllocated(frames[granted])) {
                granted++;
            }
            return granted;
        } catch (RuntimeException failed) {
            for (int i = 0; i < granted; i++) {
                frameFreed(frames[i]);
            }
            throw failed;
        }
    }

    /** A frame went out of use: exactly once for each {@link #frameAllocated} that was granted. Any thread; quick. */
    void frameFreed(int frame);

    /**
     * Frames went out of use: as {@link #frameFreed} for one after the other. Any thread; quick. The library takes them
     * back even if the driver throws, and does not tell it again.
     */
    default void framesFreed(int[] frames) {
        RuntimeException first = null;
        for (int frame : frames) {
            try {
                frameFreed(frame);
            } catch (RuntimeException failed) { // the others are free all the same
                if (first == null) {
                    first = failed;
                } else {
                    first.addSuppressed(failed);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /**
     * A space was attached. Until {@link #detached} the device may ask the mirror for translations. As in
     * {@link #invalidateStart}, no fault may be waited for in here. A driver that throws has not been attached.
     */
    void attached(DeviceMirror mirror);

    /** The last call about a mirror: forget it, and every translation of it. After it the mirror refuses faults. */
    void detached(DeviceMirror mirror);

    /**
     * Stop using the translations of a range. When this returns, no access that used one is in progress, and the
     * sequence is kept. May also come for ranges the device has never seen.
     *
     * @return false if the device would have to wait and {@link Invalidation#mayBlock} is false; nothing has changed
     *         then, and there will be no {@link #invalidateEnd}
     */
    boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation);

    /**
     * What was announced is done: faults of the range are answered again, perhaps since a moment ago. Once for each
     * granted start, before the next call about the mirror.
     */
    default void invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
    }

    /**
     * Pages have arrived that the device will want: after a migration to it, or as exclusive. Installing them saves a
     * fault; the rule about the sequence holds.
     */
    default void mapped(DeviceMirror mirror, Translations translations) {
    }

    /**
     * Whether the device has used its translation of a page since the last time this was asked. For the choice of what
     * to evict; a device that cannot tell says false.
     */
    default boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        return false;
    }

    /** The device is no longer used by the library: no mirror is attached, no frame in use. */
    @Override
    void close();
}
