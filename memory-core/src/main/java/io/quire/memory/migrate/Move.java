package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.fault.DeviceFaults;
import io.quire.memory.guard.Wait;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.lineage.SpaceState;
import io.quire.memory.lineage.TieredMemory;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One batch on its way: {@link MarkPhase}, {@link CopyPhase}, {@link CommitPhase}. Used once, by one thread that holds
 * the migration lock of the lineage.
 */
final class Move {

    /** How often to try to take marks back, if it takes memory and there is none, and how long to wait in between. */
    private static final int ATTEMPTS = 100;
    private static final long NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    @SuppressWarnings("UnnecessaryLambda") // made once: to wait must not take memory
    private static final BooleanSupplier NEVER = () -> false;

    private final Batch batch;
    private final Marks marks;
    private final MarkPhase mark;
    private final CopyPhase copy;
    private final CommitPhase commit;

    /** What the devices were told when the pages were marked. */
    private final Windows marking = new Windows();

    /** What it takes to take marks back when the heap is full. */
    private final Lineage.Known known;
    private final ReverseMap found;

    Move(TieredMemory memory, DeviceFaults deviceFaults, Batch batch) {
        Obstacles obstacles = new Obstacles(batch, memory.pools());
        this.batch = batch;
        this.copy = new CopyPhase(memory, batch);
        this.marks = new Marks(batch, memory.pools(), obstacles, copy);
        this.mark = new MarkPhase(memory, batch, obstacles, marks, copy);
        this.commit = new CommitPhase(memory, deviceFaults, batch, obstacles, marks, copy);
        this.known = batch.lineage.known();
        this.found = ReverseMap.withRoomFor(known.spaces().size());
    }

    /** Whatever is thrown, afterwards no page of the batch is marked, held or announced any more. */
    void run() {
        try {
            mark.run(marking);
            if (batch.isAnyMoving()) {
                copyAndCommit();
            }
        } finally {
            try {
                takeBack();
            } finally {
                marking.awaitEnd();
            }
        }
    }

    private void copyAndCommit() {
        boolean copied = false;
        try {
            copy.run();
            copied = true;
        } finally {
            commit.run(copied, marking);
        }
    }

    /**
     * Takes the marks back that are left because an Error came between: there was no memory to lock the lineage, say.
     * Nobody else can do it, and the heap may stay full for good, so this needs no memory. Only if a fork was made
     * meanwhile, or another thread has a lock, it needs a little. Then it tries again.
     */
    private void takeBack() {
        for (int attempt = 1; batch.isAnyMoving(); attempt++) {
            try {
                leaveMoving();
            } catch (VirtualMachineError again) {
                if (attempt == ATTEMPTS) {
                    throw again;
                }
                Wait.tryUntil(NEVER, NAP_NANOS);
            }
        }
    }

    private void leaveMoving() {
        List<SpaceState> locked = batch.lineage.lock(known);
        try {
            batch.lineage.endHomeward();
            found.refill(locked, batch.leafStart);
            marks.leaveAll(found, PageOutcome.RACED);
        } finally {
            Lineage.unlock(locked);
        }
    }
}
