package io.quire.memory.attach;

import io.quire.memory.device.DeviceAccess;
import io.quire.memory.device.PageTranslation;
import io.quire.memory.device.Translations;
import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.LeafPages;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages of a leaf that have come to a device, and how it may map them. They are noted under the lock of the space, and
 * made into translations on the driver's thread, where nobody waits for that. Not changed once they are noted.
 */
public final class Arrival {

    private final FramePools pools;
    private final ManagedDevice device;
    private final long sequence;
    private final long leafStart;
    private final long[] frames = new long[Geometry.FAN_OUT];
    private long pages = LeafPages.NONE;
    private long writable = LeafPages.NONE;

    /** Creates an empty arrival at the device of a mirror. */
    public Arrival(FramePools pools, Mirror mirror, long leafStart) {
        this.pools = pools;
        this.device = mirror.device();
        this.sequence = mirror.announcements().sequence();
        this.leafStart = leafStart;
    }

    /** Adds a page that the device can reach. */
    public void add(int page, long frame, boolean mayWrite) {
        frames[page] = frame;
        pages |= LeafPages.of(page);
        writable |= mayWrite ? LeafPages.of(page) : LeafPages.NONE;
    }

    public boolean isWritable() {
        return writable != LeafPages.NONE;
    }

    public boolean isEmpty() {
        return pages == LeafPages.NONE;
    }

    /** Returns the translations for the driver. */
    public Translations translations() {
        List<PageTranslation> translations = new ArrayList<>(LeafPages.count(pages));
        for (long rest = pages; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            translations.add(device.translation(pools, leafStart + ((long) page << Geometry.PAGE_SHIFT), frames[page],
                    LeafPages.contains(writable, page) ? DeviceAccess.WRITE : DeviceAccess.READ));
        }
        return new Translations(sequence, translations);
    }
}
