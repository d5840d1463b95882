package io.quire.memory.migrate;

import io.quire.memory.attach.Arrival;
import io.quire.memory.attach.DeviceNews;
import io.quire.memory.attach.Mirror;
import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.fault.DeviceFaults;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.MapCount;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.TranslationVersion;
import java.util.ArrayList;
import java.util.List;

/**
 * The last phase of a move: puts each page that is still marked in every leaf into its new frame, and leaves the others
 * where they are.
 */
final class CommitPhase {

    private final TieredMemory memory;
    private final DeviceFaults deviceFaults;
    private final Batch batch;
    private final Obstacles obstacles;
    private final Marks marks;
    private final CopyPhase copy;

    private final Windows windows = new Windows();
    private final List<DeviceNews> news = new ArrayList<>(0);

    CommitPhase(TieredMemory memory, DeviceFaults deviceFaults, Batch batch, Obstacles obstacles, Marks marks,
            CopyPhase copy) {
        this.memory = memory;
        this.deviceFaults = deviceFaults;
        this.batch = batch;
        this.obstacles = obstacles;
        this.marks = marks;
        this.copy = copy;
    }

    /**
     * @param copied false if the copy failed: then no page moves
     * @param marking what the devices were told when the pages were marked
     */
    void run(boolean copied, Windows marking) {
        List<SpaceState> locked = batch.lineage.lock();
        try {
            batch.lineage.endHomeward();
            ReverseMap map = ReverseMap.find(locked, batch.leafStart);
            try {
                map.spaces().forEach(space -> space.table().renewRoot()); // copies that have M in them are dropped
                commitOrLeave(map, copied, marking);
            } catch (Throwable failed) {
                marks.leaveAll(map, PageOutcome.RACED);
                throw failed;
            } finally {
                windows.close();
            }
        } finally {
            Lineage.unlock(locked);
        }
        news.forEach(DeviceNews::await);
    }

    private void commitOrLeave(ReverseMap map, boolean copied, Windows marking) {
        MapCount seen = map.look(batch.moving(), batch.sources);
        // STEP(migrate 6)
        leaveLost(map, seen, copied);
        if (!batch.isAnyMoving()) {
            return;
        }
        // STEP(migrate 7)
        windows.begin(batch, map, InvalidationKind.CLEAR, copy.deviceOf(LeafPages.first(batch.moving())), marking);
        if (windows.awaitOpen()) {
            commit(map, seen);
        } else {
            marks.leaveAll(map, PageOutcome.DEVICE_BUSY);
        }
    }

    /** Leaves the pages where they are that somebody else needed in the meantime. */
    private void leaveLost(ReverseMap map, MapCount seen, boolean copied) {
        long kept = obstacles.keptInPlace(map);
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            boolean mayCommit = copied && seen.isMarked(page) && !obstacles.isPinned(page, kept, 1);
            if (!mayCommit) {
                marks.leave(page, map);
            }
        }
    }

    private void commit(ReverseMap map, MapCount seen) {
        long pages = batch.moving();
        boolean toDevice = batch.target.kind() != PoolKind.HOST;
        // Still frozen: a thread that can read the old frame must not miss a write to the new one.
        ReverseMap.Step move = (page, entry) -> Entry.migrating(Entry.moved(entry, batch.targets[page]));
        if (toDevice) {
            memory.tier(batch.target).holds(batch.targets, pages, batch.lineage, batch.leafStart);
            map.clearAccessed(pages); // its use before the move says nothing about its use there
        }
        // From here to the outcome nothing is allocated.
        // STEP(migrate 8)
        acquireForEach(seen);
        map.change(pages, batch.sources, move);
        // STEP(migrate 9)
        for (int i = 0; i < map.spaces().size(); i++) {
            map.spaces().get(i).table().translations().invalidate(TranslationVersion.leafOf(batch.leafStart));
        }
        // STEP(migrate 10)
        Marks.clear(map, pages, batch.targets);
        batch.settleMoved();
        try {
            windows.end();
            tellArrived(map, pages); // the device maps them while the old frames are given back
        } finally {
            // STEP(migrate 11)
            releaseSources(pages, seen);
            memory.events().moved(toDevice, LeafPages.count(pages));
        }
    }

    /** Takes a reference to its new frame for each leaf that maps a page. */
    private void acquireForEach(MapCount seen) {
        for (long rest = batch.moving() & seen.shared(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            for (int more = 1; more < seen.mapped(page); more++) {
                batch.target.acquire(batch.targets[page]);
            }
        }
    }

    /** Gives back the references and the hold of each frame that was left; those alike, of one pool, together. */
    private void releaseSources(long pages, MapCount seen) {
        for (long left = pages; left != LeafPages.NONE;) {
            FramePool from = memory.pools().of(batch.sources[LeafPages.first(left)]);
            long alike = seen.alike(batch.from(from, left));
            from.releaseHeld(batch.sources, alike, seen.mapped(LeafPages.first(alike)));
            left &= ~alike;
        }
    }

    /** Begins to tell the mirrors of the device that the pages went to; each after the ends of its windows. */
    private void tellArrived(ReverseMap map, long pages) {
        for (SpaceState space : map.spaces()) {
            for (Mirror mirror : space.notifier().mirrors()) {
                if (mirror.device().pool() == batch.target) {
                    Arrival arrival = deviceFaults.arrived(space, mirror, batch.leafStart, pages);
                    if (!arrival.isEmpty()) {
                        news.add(mirror.tellMapped(arrival::translations));
                    }
                }
            }
        }
    }
}
