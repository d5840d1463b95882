package io.quire.memory.upkeep;

import io.quire.memory.frame.IdleMemory;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.space.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What has to be done for a machine from time to time, by the background agent or by the user. The parts do not depend
 * on each other: one that fails does not keep the others from their turn. Any thread; each part runs on one at a time.
 */
public final class Maintenance {

    /** Nodes destroyed in one turn: well below a millisecond. */
    private static final int NODES_PER_TURN = 256;

    private final List<Chore> chores = new ArrayList<>();

    /**
     * For a machine, of which it keeps no more than its parts do.
     *
     * @param giveBackAfter how long memory has been free when it goes back to the operating system; zero for never
     */
    public Maintenance(Machine machine, Duration giveBackAfter) {
        String manager = machine.name();
        chores.add(new Chore(manager, "destroy what was dropped",
                () -> machine.reclaimer().reclaim(NODES_PER_TURN)));
        chores.add(new Chore(manager, "end the segments of pins that were closed", () -> {
            machine.pins().endIdleViews();
            return 0; // it can wait for the next turn
        }));
        for (DeviceTier tier : machine.tiers()) {
            chores.add(new Chore(manager, "evict from device " + tier.device().name(),
                    () -> machine.evictor().work(tier)));
        }
        if (machine.policies().promotion()) {
            chores.add(new Chore(manager, "promote pages", machine.evictor()::promote));
        }
        chores.add(new Chore(manager, "look for pins that overstay", new PinWatch(machine)::look));
        chores.add(new Chore(manager, "look for snapshots that grow old", new SnapshotWatch(machine)::look));
        if (!giveBackAfter.isZero()) {
            chores.add(
                    new Chore(manager, "give idle memory back", new IdleMemory(machine.pools(), giveBackAfter)::work));
        }
    }

    /**
     * Does all there is, once.
     *
     * @return how much was done
     */
    public int run() {
        Throwable failure = null;
        int done = 0;
        for (Chore chore : chores) {
            try {
                done += chore.run();
            } catch (RuntimeException | Error thrown) {
                failure = failure == null ? thrown : failure; // the others come again with the next turn
            }
        }
        throwIfAny(failure);
        return done;
    }

    private static void throwIfAny(@Nullable Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
    }

    /** The same for the agent: throws nothing, whatever happens, and tells of it when it can. */
    int runAndReport() {
        int done = 0;
        for (int i = 0; i < chores.size(); i++) { // an iterator might not be had
            done += chores.get(i).runAndReport();
        }
        return done;
    }
}
