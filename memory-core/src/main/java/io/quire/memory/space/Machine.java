package io.quire.memory.space;

import io.quire.memory.frame.FramePool;
import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.handle.LostHandles;
import io.quire.memory.pin.LongPins;
import io.quire.memory.pin.PinList;
import io.quire.memory.pin.PinRecord;
import io.quire.memory.pin.PinRegistry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.PageTables;
import io.quire.memory.table.Reclaimer;
import io.quire.memory.trace.EventCounts;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** What all spaces of one manager share. Any thread. */
public final class Machine {

    private final EventCounts events = new EventCounts();
    private final AtomicLong mirrorIds = new AtomicLong();

    private final String name;
    private final FramePools pools;
    private final List<DriverLink> links;
    private final Policies policies;
    private final OpenSpaces spaces;
    private final PageTables tables;
    private final PinRegistry pins;
    private final Migration migration;
    private final Evictor evictor;
    private final LostHandles lostHandles;

    /**
     * Puts a machine together.
     *
     * @param name the manager's name, for messages
     * @param links the devices, whose pools are among the pools
     * @param maxSpaces the most spaces that may be open at a time
     */
    public Machine(String name, FramePools pools, List<DriverLink> links, int maxSpaces, Policies policies) {
        this.name = name;
        this.pools = pools;
        this.links = List.copyOf(links);
        this.policies = policies;
        this.spaces = new OpenSpaces(name, maxSpaces, policies.leakTracking());
        this.tables = new PageTables(pools, policies.promotion());
        this.migration = new Migration(this);
        this.evictor = new Evictor(this);
        this.lostHandles = new LostHandles(name);
        this.pins = new PinRegistry(pools, policies.longTermPinLimitBytes(), lostHandles, policies.leakTracking());
    }

    public String name() {
        return name;
    }

    public FramePools pools() {
        return pools;
    }

    PageTables tables() {
        return tables;
    }

    public Reclaimer reclaimer() {
        return tables.reclaimer();
    }

    public OpenSpaces spaces() {
        return spaces;
    }

    public EventCounts events() {
        return events;
    }

    public Policies policies() {
        return policies;
    }

    /** The devices. */
    public List<DriverLink> links() {
        return links;
    }

    /** The device of a pool that is not the host's. */
    DriverLink link(FramePool pool) {
        return links.get(pool.number() - 1);
    }

    public LongPins longPins() {
        return pins.longPins();
    }

    /** The pins of all spaces. */
    public PinRegistry pins() {
        return pins;
    }

    /** The pins that are open, of spaces open and closed. */
    public List<PinRecord> openPins() {
        pins.endIdleViews();
        List<PinRecord> open = new ArrayList<>();
        pins.ofClosed().forEach(list -> open.addAll(list.open()));
        spaces.list().forEach(space -> open.addAll(space.pins().open()));
        return open;
    }

    /** How many pins are open; waits for nobody. */
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

    /** The lists of spaces that may have pins, open and closed. */
    List<PinList> pinLists() {
        List<PinList> all = new ArrayList<>(pins.ofClosed());
        spaces.unordered().forEach(space -> all.add(space.pins()));
        return all;
    }

    /** What was forgotten and is to be given back. */
    LostHandles lostHandles() {
        return lostHandles;
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

    /**
     * A frame of the host with one reference and undefined content, for a space that faults. Destroys dropped trees
     * before it gives up.
     *
     * @param frames where it comes from
     * @return its offset
     * @throws io.quire.memory.contract.OutOfFramesException if none is left
     */
    long allocateFrame(Space space, FrameSource frames) {
        long frame = tryAllocateFrame(frames);
        if (frame == FramePool.NONE) {
            throw Shortage.exception(this, space);
        }
        return frame;
    }

    /** The same; {@link FramePool#NONE} if none is left. */
    private long tryAllocateFrame(FrameSource frames) {
        long frame = frames.allocate();
        while (frame == FramePool.NONE && tables.reclaimer().reclaimAll()) {
            frame = frames.allocate();
        }
        if (frame == FramePool.NONE) {
            frame = frames.allocate(); // what others destroyed while reclaimAll found nothing left to do
        }
        return frame;
    }

    /**
     * Takes several frames of the host, and looks for each as hard as {@link #allocateFrame} does; see
     * {@link FramePool#allocate(long[], long)}.
     */
    void tryAllocateFrames(long[] frames, long wanted) {
        pools.host().allocate(frames, wanted);
        boolean done = false;
        try {
            for (long rest = wanted; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
                int index = LeafPages.first(rest);
                frames[index] = frames[index] != FramePool.NONE ? frames[index] : tryAllocateFrame(pools);
            }
            done = true;
        } finally {
            if (!done) {
                releaseAll(frames, wanted);
            }
        }
    }

    private void releaseAll(long[] frames, long which) {
        for (long rest = which; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int index = LeafPages.first(rest);
            if (frames[index] != FramePool.NONE) {
                pools.release(frames[index]);
                frames[index] = FramePool.NONE;
            }
        }
    }
}
