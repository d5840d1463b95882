package io.quire.memory.space;

import io.quire.memory.fault.DeviceFaults;
import io.quire.memory.fault.FaultPath;
import io.quire.memory.fault.PageFaults;
import io.quire.memory.frame.FramePools;
import io.quire.memory.handle.LostHandles;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.migrate.Evictor;
import io.quire.memory.migrate.Migration;
import io.quire.memory.pin.LongPins;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.pin.PinRegistry;
import io.quire.memory.table.PageTables;
import io.quire.memory.table.Reclaimer;
import io.quire.memory.trace.EventCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What all spaces of one manager share. Any thread. */
public final class Machine {

    private final AtomicLong mirrorIds = new AtomicLong();
    private final String name;
    private final Policies policies;
    private final OpenSpaces spaces;
    private final TieredMemory memory;
    private final LostHandles lostHandles;
    private final PinRegistry pins;
    private final PageFaults faults;
    private final DeviceFaults deviceFaults;
    private final Migration migration;
    private final FaultPath faultPath;
    private final Evictor evictor;

    /**
     * Creates all parts of a machine.
     *
     * @param name the manager's name, for messages
     * @param tiers the tiers of the devices; their pools are among {@code pools}
     * @param maxSpaces the most spaces that may be open at a time
     */
    public Machine(String name, FramePools pools, List<DeviceTier> tiers, int maxSpaces, Policies policies) {
        this.name = name;
        this.policies = policies;
        this.spaces = new OpenSpaces(name, maxSpaces, policies.leakTracking());
        this.memory = new TieredMemory(new PageTables(pools, policies.promotion()), tiers,
                (faulting, fact, wanted) -> ShortageReport.exception(this, faulting, fact, wanted));
        this.lostHandles = new LostHandles(name);
        this.pins = new PinRegistry(pools, policies.longTermPinLimitBytes(), lostHandles, policies.leakTracking());
        this.faults = new PageFaults(memory);
        this.deviceFaults = new DeviceFaults(memory, faults);
        this.migration = new Migration(memory, deviceFaults);
        this.faultPath = new FaultPath(memory, faults, migration);
        this.evictor = new Evictor(memory, migration, policies.promotion());
    }

    public String name() {
        return name;
    }

    /** Returns the pools, the tiers of the devices, and the reclaimer. */
    public TieredMemory memory() {
        return memory;
    }

    public FramePools pools() {
        return memory.pools();
    }

    public Reclaimer reclaimer() {
        return memory.reclaimer();
    }

    public OpenSpaces spaces() {
        return spaces;
    }

    public EventCounts events() {
        return memory.events();
    }

    public Policies policies() {
        return policies;
    }

    /** Returns the tiers of the devices. */
    public List<DeviceTier> tiers() {
        return memory.tiers();
    }

    public LongPins longPins() {
        return pins.longPins();
    }

    /** Returns the pins of all spaces. */
    public PinRegistry pins() {
        return pins;
    }

    /** Returns the open pins, of open and of closed spaces. */
    public List<PinRecord> openPins() {
        pins.endIdleViews();
        List<PinRecord> open = new ArrayList<>();
        pins.ofClosed().forEach(list -> open.addAll(list.open()));
        spaces.list().forEach(space -> open.addAll(space.pins().open()));
        return open;
    }

    /** Returns the number of open pins. Waits for nobody. */
    public int openPinCount() {
        int count = 0;
        for (PinList list : pins.ofClosed()) {
            count += list.count();
        }
        for (Space space : spaces.unordered()) {
            count += space.pins().count();
        }
        return count;
    }

    /** Returns the pin lists of all spaces that may have pins, open and closed. */
    public List<PinList> pinLists() {
        List<PinList> all = new ArrayList<>(pins.ofClosed());
        spaces.unordered().forEach(space -> all.add(space.pins()));
        return all;
    }

    /** Returns the forgotten handles, which are still to be given back. */
    public LostHandles lostHandles() {
        return lostHandles;
    }

    PageFaults faults() {
        return faults;
    }

    DeviceFaults deviceFaults() {
        return deviceFaults;
    }

    /** Returns what an access calls when it cannot go on. */
    public FaultPath faultPath() {
        return faultPath;
    }

    Migration migration() {
        return migration;
    }

    public Evictor evictor() {
        return evictor;
    }

    long newMirrorId() {
        return mirrorIds.incrementAndGet();
    }
}
