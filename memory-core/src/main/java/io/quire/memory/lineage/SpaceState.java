package io.quire.memory.lineage;

import io.quire.memory.attach.Exclusives;
import io.quire.memory.attach.Notifier;
import io.quire.memory.contract.CowPlacement;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRegistry;
import io.quire.memory.table.PageTable;
import org.jspecify.annotations.Nullable;

/**
 * The parts of one space, for code that changes its pages under the lock of its table: the table, the devices that are
 * told of changes, the pages that are exclusive to a device, the pins, and the lineage that shares its frames.
 */
public final class SpaceState {

    private final PageTable table;
    private final PinList pins;
    private final Lineage lineage;
    private final Notifier notifier = new Notifier();
    private final Exclusives exclusives;
    private volatile CowPlacement cowPlacement;

    /** The state of a space that is about to be opened. */
    public SpaceState(PageTable table, PinRegistry registry, Lineage lineage, CowPlacement cowPlacement) {
        this.table = table;
        this.pins = new PinList(table, registry);
        this.lineage = lineage;
        this.exclusives = new Exclusives(table, notifier);
        this.cowPlacement = cowPlacement;
    }

    /**
     * Creates the state of a fork that is about to be opened; under the lock of this space.
     *
     * @param asSnapshot true if the fork may never be written
     */
    public SpaceState fork(Integer forkId, @Nullable String name, boolean asSnapshot) {
        return new SpaceState(table.fork(forkId, name, asSnapshot), pins.registry(), lineage, cowPlacement);
    }

    public PageTable table() {
        return table;
    }

    public PinList pins() {
        return pins;
    }

    /** All spaces that this one shares frames with. */
    public Lineage lineage() {
        return lineage;
    }

    /** Tells the devices of changes. */
    public Notifier notifier() {
        return notifier;
    }

    /** The pages that only a device may access. */
    public Exclusives exclusives() {
        return exclusives;
    }

    /** Where the copy of a shared device page goes. */
    public CowPlacement cowPlacement() {
        return cowPlacement;
    }

    public void setCowPlacement(CowPlacement placement) {
        cowPlacement = placement;
    }

    @Override
    public String toString() {
        return "SpaceState[" + table.describeName() + "]";
    }
}
