package io.quire.memory.space;

import io.quire.memory.contract.CowPlacement;
import io.quire.memory.contract.LongTermPinException;
import io.quire.memory.contract.LongTermPolicy;
import io.quire.memory.contract.PinAccess;
import io.quire.memory.contract.PinTerm;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.fault.FrameNeeds;
import io.quire.memory.fault.PageFaults;
import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.PageTable;
import io.quire.memory.trace.CreationSite;
import org.jspecify.annotations.Nullable;

/**
 * Pins pages of one space. It first makes each page one that no other space maps, so that whoever writes the page
 * writes what the pin shows. A page that may not be pinned on its device moves to the host first. Any thread that holds
 * no lock of a space.
 */
final class Pinning {

    /** No page has to move first. Not an address. */
    private static final long NOTHING = -1;

    private final Space space;
    private final PageTable table;
    private final Machine machine;

    /** True once the free frames were found to be enough. */
    private boolean isChecked;

    Pinning(Space space) {
        this.space = space;
        this.table = space.table();
        this.machine = space.machine();
    }

    /**
     * Pins a run of pages, all or none; see {@code AddressSpace.pin}.
     *
     * @param creation the stack that pins; null if it is not recorded
     */
    PinRecord pin(long address, int pages, PinTerm term, PinAccess access, @Nullable CreationSite creation) {
        long longBytes = term == PinTerm.LONG ? (long) pages << Geometry.PAGE_SHIFT : 0;
        machine.longPins().take(longBytes, space.name());
        PinRecord pinned = null;
        try {
            refuseWhatCannotFit(address, pages, term);
            pinned = pinWhereTheyAreOrBringHome(new PinRecord(space.pins(), address, pages, term, access, creation));
            return pinned;
        } finally {
            if (pinned == null) {
                machine.longPins().giveBack(longBytes);
            }
        }
    }

    /** Refuses at once a pin of more pages than there are frames for. The processor must reach each frame. */
    private void refuseWhatCannotFit(long address, int pages, PinTerm term) {
        if (pages <= Geometry.FAN_OUT) {
            return; // a pin this small finds out soon enough
        }
        long room = machine.pools().capacity();
        for (DeviceTier tier : machine.tiers()) {
            room += term == PinTerm.SHORT && !tier.device().isPrivate() ? tier.pool().frames() : 0;
        }
        if (pages > room) {
            throw ShortageReport.exceptionForPin(machine, space.state(), address, pages, pages);
        }
    }

    /**
     * Refuses the pin if its pages need more frames than there are: before the first of them gets a frame, a copy, or
     * moves to the host.
     */
    private void checkFrames(PinRecord wanted, long firstPage) {
        if (isChecked || wanted.pages() == 1) {
            return; // one page is refused as a whole in any case
        }
        isChecked = true;
        boolean isLong = wanted.term() == PinTerm.LONG;
        long end = wanted.address() + ((long) wanted.pages() << Geometry.PAGE_SHIFT);
        FrameNeeds needs = FrameNeeds.ofPin(space.state(), machine.memory(), firstPage, end, placement(wanted),
                isLong && machine.policies().longTermPolicy() == LongTermPolicy.MIGRATE);
        if (!needs.areMet()) {
            throw ShortageReport.exceptionForPin(machine, space.state(), wanted.address(), wanted.pages(),
                    needs.frames());
        }
    }

    /** Where the copy of a shared page goes. */
    private CowPlacement placement(PinRecord wanted) {
        return wanted.term() == PinTerm.LONG ? CowPlacement.HOST : space.state().cowPlacement();
    }

    private PinRecord pinWhereTheyAreOrBringHome(PinRecord wanted) {
        while (true) {
            long obstacle;
            table.lock();
            try {
                obstacle = prepare(wanted);
                if (obstacle == NOTHING) {
                    space.pins().open(wanted);
                    return wanted;
                }
            } finally {
                table.unlock();
            }
            if (wanted.term() == PinTerm.LONG) {
                machine.migration().bringToHost(space.state(), obstacle);
            } else {
                machine.migration().bringHome(space.state(), obstacle, null);
            }
        }
    }

    /** Makes each page the space's own and notes its frame. Returns the first page that has to move to the host. */
    private long prepare(PinRecord wanted) {
        FramePools pools = machine.pools();
        boolean isLong = wanted.term() == PinTerm.LONG;
        for (int i = 0; i < wanted.pages(); i++) {
            long page = wanted.address() + ((long) i << Geometry.PAGE_SHIFT);
            long frame = own(page, wanted);
            if (frame == PageFaults.AWAY) {
                return page;
            }
            FramePool pool = pools.of(frame);
            if (isLong && pool.kind() != PoolKind.HOST) {
                if (machine.policies().longTermPolicy() == LongTermPolicy.REFUSE) {
                    machine.events().longTermRefused();
                    throw new LongTermPinException("device memory cannot be pinned for long, it must stay evictable: "
                            + "space=" + space.name() + ", address=0x" + Long.toHexString(page) + ", pool="
                            + pool.name()
                            + "; migrate the range to the host first, pin it SHORT, or build the manager with "
                            + "longTermPolicy(LongTermPolicy.MIGRATE)");
                }
                checkFrames(wanted, page);
                return page;
            }
            wanted.setFrame(i, frame);
        }
        return NOTHING;
    }

    private long own(long page, PinRecord wanted) {
        long writable = table.offsetForWrite(page);
        if (writable >= 0) {
            return writable; // no other space maps it, and it is not migrating
        }
        if (wanted.access() == PinAccess.WRITE) {
            table.permissions().checkWritable(page);
        } else {
            table.permissions().checkReadable(page);
        }
        checkFrames(wanted, page);
        // STEP(pin 1)
        return machine.faults().unshare(space.state(), page, placement(wanted));
    }
}
