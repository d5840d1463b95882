package io.quire.memory.upkeep;

import io.quire.memory.frame.IdleMemory;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.space.Machine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The work that a machine needs from time to time, done by the background agent or by the user. The chores are
 * independent: if one fails, the others still get their turn. Any thread; each chore runs on one thread at a time.
 */
public final class Maintenance {

    /** Nodes destroyed in one turn: well below a millisecond. */
    private static final int NODES_PER_TURN = 256;

    private final List<Chore> chores = new ArrayList<>();

    /**
     * Sets up the chores of a machine.
     *
     * @param giveBackAfter how long memory is free before it goes back to the operating system; zero for never
     */
    public Maintenance(Machine machine, Duration giveBackAfter) {
        String manager = machine.name();
        chores.add(new Chore(manager, "destroy dropped trees",
                () -> machine.reclaimer().reclaim(NODES_PER_TURN)));
        chores.add(new Chore(manager, "end the segments of pins that were closed", () -> {
            machine.pins().endIdleViews();
            return 0; // no reason for the agent to come back at once
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
     * Runs each chore once.
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
                failure = failure == null ? thrown : failure; // other failures show again in the next turn
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

    /** Does the same for the agent. Throws nothing: each chore logs its failure when it can. */
    int runAndReport() {
        int done = 0;
        for (int i = 0; i < chores.size(); i++) { // there may be no memory for an iterator
            done += chores.get(i).runAndReport();
        }
        return done;
    }
}
