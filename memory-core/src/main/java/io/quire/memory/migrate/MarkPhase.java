package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.contract.PoolKind;
import io.quire.memory.device.InvalidationKind;
import io.quire.memory.frame.FramePool;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.MapCount;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.LeafPages;
import io.quire.memory.table.TranslationVersion;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first phase of a move: chooses the pages that can move, takes frames for them, and marks them. Afterwards no
 * processor and no device writes them, unless it takes the mark away first.
 */
final class MarkPhase {

    private final TieredMemory memory;
    private final Batch batch;
    private final Obstacles obstacles;
    private final Marks marks;
    private final CopyPhase copy;

    MarkPhase(TieredMemory memory, Batch batch, Obstacles obstacles, Marks marks, CopyPhase copy) {
        this.memory = memory;
        this.batch = batch;
        this.obstacles = obstacles;
        this.marks = marks;
        this.copy = copy;
    }

    /** @param windows takes what the devices are told; they may hear of the end while the pages are copied */
    void run(Windows windows) {
        List<SpaceState> locked = batch.lineage.lock();
        try {
            locked.forEach(space -> space.pins().endIdleViews());
            ReverseMap map = ReverseMap.find(locked, batch.leafStart);
            Frozen frozen = new Frozen(map.spaces());
            try {
                frozen.freeze();
                lookUpHomecomer();
                choose(map, count(map));
                if (batch.isAnyMoving()) {
                    mark(map, windows);
                }
            } finally {
                frozen.thaw();
            }
        } finally {
            Lineage.unlock(locked);
        }
    }

    // ---- choose

    /** Notes which frame a page is in that comes home; none if there is no such page any more. */
    private void lookUpHomecomer() {
        if (batch.home() != null) {
            int page = LeafPages.first(batch.wanted());
            long entry = batch.home().table().entry(batch.address(page));
            batch.sources[page] = Entry.isPresent(entry) ? Entry.offset(entry) : Batch.NONE;
        }
    }

    /** Counts who maps the wanted pages; ends exclusive access first, if this move may. */
    private MapCount count(ReverseMap map) {
        MapCount seen = map.look(batch.wanted(), batch.sources);
        if (!batch.dissolves || seen.exclusive() == LeafPages.NONE) {
            return seen;
        }
        for (long rest = seen.exclusive(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            long address = batch.address(LeafPages.first(rest));
            for (SpaceState space : map.spaces()) {
                if (space.exclusives().ownerOf(address) != null) {
                    space.exclusives().dissolve(address);
                }
            }
        }
        return map.look(batch.wanted(), batch.sources);
    }

    /** Decides which pages are to move, and takes frames for them. */
    private void choose(ReverseMap map, MapCount seen) {
        long kept = obstacles.keptInPlace(map);
        long chosen = LeafPages.NONE;
        for (long rest = batch.wanted(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            @Nullable PageOutcome obstacle = batch.sources[page] == Batch.NONE ? PageOutcome.EMPTY
                    : obstacles.before(page, seen, kept);
            if (obstacle == null) {
                chosen |= LeafPages.of(page);
            } else {
                batch.settle(page, obstacle);
            }
        }
        if (chosen != LeafPages.NONE) {
            takeFrames(chosen);
        }
    }

    private void takeFrames(long chosen) {
        Arrays.fill(batch.targets, FramePool.NONE);
        try {
            if (batch.target.kind() == PoolKind.HOST) {
                memory.tryAllocateFrames(batch.targets, chosen);
            } else {
                batch.target.allocate(batch.targets, chosen);
            }
        } catch (Throwable failed) {
            giveBackTargets();
            throw failed;
        }
        for (long rest = chosen; rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            if (batch.targets[page] != FramePool.NONE) {
                batch.begin(page);
            } else {
                batch.settle(page, PageOutcome.NO_FREE_FRAME);
            }
        }
    }

    private void giveBackTargets() {
        for (long target : batch.targets) {
            if (target != FramePool.NONE) {
                batch.target.release(target);
            }
        }
    }

    // ---- mark

    /**
     * Marks the pages while the devices stop using them. Both have to be done before the copy; their order does not
     * matter, because nobody gets a translation back while the tables are locked.
     */
    private void mark(ReverseMap map, Windows windows) {
        try {
            // STEP(migrate 2)
            windows.begin(batch, map, InvalidationKind.MIGRATE, copy.deviceOf(LeafPages.first(batch.moving())),
                    Windows.NONE);
            // STEP(migrate 3)
            marks.set(map);
            // STEP(migrate 4)
            for (SpaceState space : map.spaces()) {
                space.table().invalidateAndWait(TranslationVersion.leafOf(batch.leafStart));
            }
            leavePinned(map);
            if (!windows.awaitOpen()) {
                marks.leaveAll(map, PageOutcome.DEVICE_BUSY);
            }
            if (batch.home() != null && batch.isAnyMoving()) {
                batch.lineage.beginHomeward(batch.address(LeafPages.first(batch.moving())));
            }
        } catch (Throwable failed) {
            marks.leaveAll(map, PageOutcome.RACED);
            throw failed;
        } finally {
            windows.end(); // the devices hear of it while the pages are copied
        }
    }

    /**
     * Leaves those pages where they are that an accessor has pinned without the lock. It could until this has waited
     * for it, and no mark tells of what is stored through a pin.
     */
    private void leavePinned(ReverseMap map) {
        for (long rest = batch.moving(); rest != LeafPages.NONE; rest = LeafPages.withoutFirst(rest)) {
            int page = LeafPages.first(rest);
            if (obstacles.isPinned(page, LeafPages.NONE, 1)) {
                marks.leave(page, map);
            }
        }
    }
}
