package io.quire.memory.device;

import java.util.Arrays;

/**
 * The part of a device that its author writes and the library calls. To write a driver, implement
 * {@link CoherentDriver} or {@link PrivateDriver}. Two parts of it matter most. It stops using translations when it is
 * told:
 * {@snippet file="io/quire/examples/SkeletonDriver.java" region="invalidate"}
 * <p>
 * And it asks for a translation when it has none, with no lock held:
 * {@snippet file="io/quire/examples/SkeletonDriver.java" region="access"}
 * <p>
 * The {@linkplain io.quire.memory.device package description} shows a whole driver to begin with.
 * <p>
 * <b>The sequence rule.</b> The page table of a device holds no references. It is right because of one rule: from
 * {@link #invalidateStart} to its next fault the device uses no translation of the range, and it installs no
 * translation that is older. So the driver keeps, for each mirror, the sequence of the last {@code invalidateStart}. It
 * has one lock, which {@code invalidateStart} takes too. Under that lock it installs an answer if the answer has the
 * same sequence; otherwise it asks again.
 * <p>
 * <b>Threads.</b> The library calls a driver from one thread, which belongs to the device and does nothing else; one
 * call ends before the next begins. Other threads may hold locks while they wait for the answer. In
 * {@code invalidateStart} the driver may wait for an access in progress, but never for a fault in progress: the fault
 * needs the lock of the space, which the library holds meanwhile.
 * <p>
 * <b>No calls back.</b> Inside a call the driver must not call anything that can wait for a lock or for a driver: not
 * {@link DeviceMirror#fault}, no method that maps, migrates, forks, closes or writes what is not resident, and no map.
 * Such a call throws a {@link io.quire.memory.contract.DriverReentryException} at once and changes nothing. What only
 * reads state is allowed: {@link DeviceMirror#snapshot}, statistics, reads of resident pages. If a driver has to do
 * more, it hands the work to a thread of its own and does not wait for it.
 * <p>
 * <b>Failures.</b> Whatever a method throws, the operation that called it fails with a
 * {@link io.quire.memory.contract.DriverFailedException}, which names the device and has the cause. The method of the
 * operation says what was done before. A driver that throws from {@code invalidateStart} keeps the sequence first.
 * <p>
 * <b>Deadline.</b> Each call has to return within {@link io.quire.memory.MemoryManager.Builder#driverDeadline}, counted
 * from when it begins. If it does not, the operation fails in the same way and the device counts as lost: its thread is
 * interrupted, and the library calls the driver no more, not even to take frames back, to detach or to close. The
 * library never uses a frame that the driver was filling at that time. The driver has to see to it that a lost device
 * uses no translation any more: the library frees the frames that the translations lead to, and uses them for other
 * pages. The same holds after {@link io.quire.memory.Device#giveUp}, which tells the driver nothing.
 *
 * @see io.quire.memory.MemoryManager.Builder#device
 */
public interface DeviceDriver extends AutoCloseable {

    /**
     * Tells that a frame of this device is about to be used. Be quick: the caller may hold locks. A driver that throws
     * has refused.
     *
     * @param frame 0 to the number of frames - 1
     * @return false to refuse the frame; the library goes on as if the device were full
     */
    boolean frameAllocated(int frame);

    /**
     * Tells that frames of this device are about to be used. Does the same as {@link #frameAllocated} for one after the
     * other. Be quick. A driver that throws has granted none, and counts as one that refuses.
     *
     * @param frames different numbers, each 0 to the number of frames - 1
     * @return how many of them, from the first on, are granted: 0 to all. The next one counts as refused, and those
     *         after it as not asked for. With any other number the operation fails, and no frame is granted
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
     * Tells that a frame was freed. Comes once for each frame that was granted, soon, and before the frame is
     * asked for again. No thread waits for it.
     *
     * @param frame 0 to the number of frames - 1
     */
    void frameFreed(int frame);

    /**
     * Tells that frames were freed. Does the same as {@link #frameFreed} for one after the other. The library has
     * the frames back even if the driver throws, and does not tell it again.
     *
     * @param frames different numbers, each 0 to the number of frames - 1
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
     * Tells that the device was attached to a space. Be quick: the caller holds the lock of the space. From now on
     * until {@link #detached} the device may ask the mirror for translations, but not wait for a fault in here, as in
     * {@link #invalidateStart}. If the driver throws it has not been attached.
     *
     * @param mirror the space as this device sees it
     */
    void attached(DeviceMirror mirror);

    /**
     * Tells that the device is no longer attached to a space: forget the mirror and all its translations. The last call
     * about this mirror; comes once, and before {@link #close()}, unless the device is lost. The mirror refuses faults
     * by now.
     *
     * @param mirror that was given to {@link #attached}
     */
    void detached(DeviceMirror mirror);

    /**
     * Tells to stop using the translations of a range. When this returns true, no access that used one is in progress,
     * and the driver keeps the sequence. May also come for ranges that the device has never seen.
     *
     * @param mirror the space whose translations end
     * @param invalidation the range, the sequence, and if this may wait
     * @return true if it is done. False if the device would have to wait and {@link Invalidation#mayBlock()} is false:
     *         nothing has changed then, and no {@link #invalidateEnd} follows. If it may block, always true
     */
    boolean invalidateStart(DeviceMirror mirror, Invalidation invalidation);

    /**
     * Tells that what was announced is done: faults of the range are answered again, perhaps since a moment earlier.
     * Comes once for each {@link #invalidateStart} that returned true, before the next call about the mirror. Does
     * nothing unless overridden.
     *
     * @param mirror as in {@code invalidateStart}
     * @param invalidation as in {@code invalidateStart}
     */
    default void invalidateEnd(DeviceMirror mirror, Invalidation invalidation) {
    }

    /**
     * Offers translations that the device will want: of pages that have arrived after a migration, or have become
     * exclusive. Installing them saves a fault; the sequence rule holds. Does nothing unless overridden.
     *
     * @param mirror the space
     * @param translations of one or more pages, perhaps with gaps
     */
    default void mapped(DeviceMirror mirror, Translations translations) {
    }

    /**
     * Tells if the device has used its translation of a page since it was last asked. Eviction chooses pages by it.
     * Returns false unless overridden.
     *
     * @param mirror the space
     * @param address of the page; a multiple of 4096
     * @return true if the device has used the page; false if not, or if it cannot tell
     */
    default boolean testAndClearAccessed(DeviceMirror mirror, long address) {
        return false;
    }

    /** Closes the driver. The library does not use it any more: no mirror is attached, and no frame is in use. */
    @Override
    void close();
}
