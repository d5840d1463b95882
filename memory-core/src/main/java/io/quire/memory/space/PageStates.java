package io.quire.memory.space;

import io.quire.memory.contract.PageState;
import io.quire.memory.contract.PageState.Place;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Root;

/** Finds the state of a page, for users and devices. Any thread; waits for nobody, changes nothing. */
public final class PageStates {

    private PageStates() {
    }

    /** Returns the state of the page at an address of a space. */
    public static PageState of(Space space, long address) {
        long page = Geometry.pageStart(address);
        Root current = space.table().root();
        if (!space.table().permissions().isReadable(current, page)) {
            return new PageState(page, Place.INACCESSIBLE, "", false, false);
        }
        long entry = space.table().entry(page);
        if (!Entry.isPresent(entry)) {
            return new PageState(page, Place.EMPTY, "", false, false);
        }
        FramePool pool = space.machine().pools().of(Entry.offset(entry));
        boolean writable = space.table().permissions().isWritable(current, page) && !Entry.isExclusive(entry)
                && (Entry.isPrivate(entry) ? space.table().ownsFrame(page) : space.table().offsetForWrite(page) >= 0);
        return new PageState(page, Entry.isExclusive(entry) ? Place.EXCLUSIVE : place(pool.kind()), pool.name(),
                writable, pool.holds(Entry.offset(entry)) > 0);
    }

    /** Returns the state of a page in the frame that a pin holds, whatever frame the space has it in now. */
    public static PageState of(PinRecord pinned, long address) {
        long page = Geometry.pageStart(address);
        int index = (int) ((page - pinned.address()) >>> Geometry.PAGE_SHIFT);
        FramePool pool = pinned.list().pools().of(pinned.frame(index));
        return new PageState(page, place(pool.kind()), pool.name(), pinned.access() == PinAccess.WRITE, true);
    }

    private static Place place(PoolKind kind) {
        return switch (kind) {
            case HOST -> Place.HOST;
            case DEVICE_COHERENT -> Place.DEVICE_COHERENT;
            case DEVICE_PRIVATE -> Place.DEVICE_PRIVATE;
        };
    }
}
