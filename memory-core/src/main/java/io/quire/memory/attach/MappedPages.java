package io.quire.memory.attach;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.Invalidation;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.table.Geometry;
import org.agrona.collections.LongHashSet;

/**
 * What one device may have mapped of one space: so a device that has mapped nothing is not disturbed. Under the lock of
 * the space.
 */
public final class MappedPages {

    /** The pages the device was told read as zeros: of them, and of no others, the first write is an invalidation. */
    private LongHashSet zeroPages = new LongHashSet();
    private long answers;
    private boolean any;
    private boolean anyWritable;

    MappedPages() {
    }

    /** A translation is about to be given to the device. */
    public void add(DeviceAccess access) {
        answers++;
        any = true;
        anyWritable |= access != DeviceAccess.READ;
    }

    /** The device is about to be told that a page reads as zeros. */
    public void addZero(long page) {
        // A set of Agrona that finds no memory when it grows by itself fills up, and spins.
        if (zeroPages.size() >= zeroPages.resizeThreshold()) {
            LongHashSet larger = new LongHashSet(2 * zeroPages.capacity(), zeroPages.loadFactor());
            larger.addAll(zeroPages);
            zeroPages = larger;
        }
        add(DeviceAccess.READ);
        zeroPages.add(page);
    }

    /** True if the device may think that a page reads as zeros. */
    boolean hasZero(long page) {
        return zeroPages.contains(page);
    }

    /** How many translations the device was ever given. */
    long answers() {
        return answers;
    }

    /** True if an invalidation can concern the device. */
    boolean areConcerned(InvalidationKind kind) {
        return switch (kind) {
            case RELEASE -> true;
            case PROTECTION_PAGE -> anyWritable;
            default -> any;
        };
    }

    /** The device has given up what an invalidation asked for. */
    void remove(Invalidation granted) {
        boolean whole = granted.start() == 0 && granted.end() == Long.MAX_VALUE;
        boolean readsOn = granted.kind() == InvalidationKind.PROTECTION_PAGE;
        if (whole) {
            anyWritable = false;
            any = readsOn;
        }
        if (!readsOn) {
            removeZeros(granted.start(), granted.end());
        }
    }

    private void removeZeros(long start, long end) {
        if (zeroPages.isEmpty()) {
            return;
        }
        if ((end - start) >>> Geometry.PAGE_SHIFT > zeroPages.size()) {
            zeroPages.removeIfLong(page -> start <= page && page < end);
        } else {
            for (long page = start; page < end; page += Geometry.PAGE_BYTES) {
                zeroPages.remove(page);
            }
        }
    }
}
