package io.quire.memory.upkeep;

import io.quire.memory.space.Machine;
import io.quire.memory.space.Space;
import io.quire.memory.space.Usage;
import java.util.concurrent.TimeUnit;

/**
 * Reports old forks and snapshots that hold pages that no other space maps, each once. Most likely somebody forgot to
 * close them, and each first write to a page of their parent makes them hold one more. One thread at a time.
 */
public final class SnapshotWatch {

    private static final System.Logger LOGGER = System.getLogger(SnapshotWatch.class.getName());

    /** How many times to look within the time that a fork may be open. */
    private static final int LOOKS = 10;

    private final Machine machine;
    private final long overstayNanos;
    private long nextLook = System.nanoTime();

    SnapshotWatch(Machine machine) {
        this.machine = machine;
        this.overstayNanos = TimeUnit.NANOSECONDS.convert(machine.policies().snapshotOverstay());
    }

    /** Returns how many spaces it has reported. Most calls do nothing. */
    int look() {
        return look(System.nanoTime());
    }

    int look(long now) {
        if (now - nextLook < 0) {
            return 0;
        }
        nextLook = now + Math.max(overstayNanos / LOOKS, TimeUnit.MILLISECONDS.toNanos(1));
        int reported = 0;
        for (Space space : machine.spaces().unordered()) {
            boolean isOld = space.isForked() && space.creation().age().toNanos() > overstayNanos;
            if (isOld && !space.isOverstayReported() && report(space)) {
                reported++;
            }
        }
        return reported;
    }

    private static boolean report(Space space) {
        if (space.isClosed()) {
            return false;
        }
        long alone = Usage.of(space).exclusivePages();
        if (alone > 0) {
            LOGGER.log(System.Logger.Level.WARNING, "a fork or snapshot has been open for long and holds memory that "
                    + "nobody else has: pages held alone=" + alone + ", " + space.describe());
            space.overstayReported();
        }
        return alone > 0;
    }
}
