package io.quire.memory.device;

import java.util.Arrays;

/**
 * The part of a device that the library calls; implement {@link CoherentDriver} or {@link PrivateDriver}.
 * <p>
 * <b>The device's page table holds no references.</b> It is right because of one rule: between
 * {@link #invalidateStart} and the next fault the device uses no translation of the range, and it installs none that is
 * older. The driver keeps, for each mirror, the sequence of the last {@code invalidateStart}; under the lock that
 * {@code invalidateStart} takes, it installs translations only if theirs is the same, and asks again if not.
 * <p>
 * <b>Threads.</b> The library calls one driver from one thread, which belongs to the device and does nothing else: every
 * method, one call after the other. Others may hold locks and wait for the answer. {@code invalidateStart} may wait for
 * accesses in progress, never for a fault in progress: the library holds the space's lock meanwhile, which the fault
 * wants.
 * <p>
 * <b>No way back.</b> Inside a call the driver must not call what can wait for a lock, or for a driver: not
 * {@link DeviceMirror#fault}, no method that maps, writes what is not resident, migrates, forks or closes, and no map.
 * Such a call is refused at once with a {@link io.quire.memory.contract.DriverReentryException}, and changes nothing.
 * What only reads state is answered: {@link DeviceMirror#snapshot}, statistics, reads of resident pages. A driver that
 * has to do more hands it to a thread of its own, and does not wait for that.
 * <p>
 * <b>Failures.</b> A method that throws, whatever it throws, fails the operation that called it with a
 * {@link io.quire.memory.contract.DriverFailedException} that names the device and has the cause; what of it was
 * done before, the method of the operation says. So does one that does not return within the manager's deadline, and the
 * device counts as lost: its thread is interrupted, and nothing is asked of the driver any more, not even to take frames
 * back, to detach or to close. The deadline is that of each call by itself, from when it begins. What the driver was
 * filling when it was lost is given to nobody; that it uses no translation any more is for the driver to see to. A driver
 * that throws from {@code invalidateStart} keeps the sequence first.
 */
public interface DeviceDriver extends AutoCloseable {

    /**
     * A frame of this device is about to be used. Quick: locks may be held meanwhile. A driver that throws counts as one
     * that refuses.
     *
     * @param frame 0 to the number of frames - 1
     * @return false to refuse; the library goes on as if the device were full
     */
    boolean frameAllocated(int frame);

    /**
     * Frames of this device are about to be used: as {@link #frameAllocated} for one after the other. Quick. A driver
     * that throws has granted none, and counts as one that refuses.
     *
     * @param frames different ones
     * @return how many of them, from the first on, are granted: 0 to all; if not all, the next one is refused, and those
     *         after it count as not asked for. Any other number fails the operation, and none counts as granted
     */
    default int framesAllocated(int[] frames) {
        int granted = 0;
        boolean answered = false;
        try {
            while (granted < frames.length && frameAllocated(frames[granted])) {
                granted++;
            }
            answered = true;
            return granted;
        } finally {
            if (!answered) {
                framesFreed(Arrays.copyOf(frames, granted));
            }
        }
    }

    /**
     * A frame went out of use: exactly once for each {@link #frameAllocated} that was granted. Nobody waits for this; it
     * comes soon, and before the frame is asked for again.
     */
    void frameFreed(int frame);

    /**
     * Frames went out of use: as {@link #frameFreed} for one after the other. The library has them back even if the
     * driver throws, and does not tell it again.
     */
    default void framesFreed(int[] frames) {
        int told = 0;
        try {
            while (told < frames.length) {
                frameFreed(frames[told++]);
            }
        } finally {
            if (told < frames.length) { // one has failed: the others are free all the same
                framesFreed(Arrays.copyOfRange(frames, told, frames.length));
            }
        }
    }

    /**
     * A space was attached. Quick: the lock of the space is held. Until {@link #detached} the device may ask the mirror
     * for translations. As in {@link #invalidateStart}, no fault may be waited for in here. A driver that throws has not
     * been attached.
     */
    void attached(DeviceMirror mirror);

    /**
     * The last call about a mirror, once: forget it, and every translation of it. The mirror refuses faults. Comes
     * before {@link #close()}, unless the device is lost.
     */
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
