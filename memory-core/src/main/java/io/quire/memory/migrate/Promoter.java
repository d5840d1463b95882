package io.quire.memory.migrate;

import io.quire.memory.contract.PageOutcome;
import io.quire.memory.guard.Mutex;
import io.quire.memory.lineage.DeviceTier;
import io.quire.memory.lineage.Lineage;
import io.quire.memory.lineage.ReverseMap;
import io.quire.memory.table.Geometry;
import io.quire.memory.tier.PingPong;
import io.quire.memory.tier.SecondTouch;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import org.agrona.concurrent.NanoClock;

/**
 * Brings evicted pages back to their device when they are used twice: pages that were evicted by mistake, or have
 * become hot since. Now and then it looks at the accessed bits of the last evicted pages. It moves a few pages at once,
 * and pauses if too many of them are evicted again.
 * <p>
 * Any thread that holds no lock of a space. While one works, the others find nothing to do.
 */
final class Promoter {

    /** How many of the last evicted pages are watched. */
    static final int WATCHED_MAX = 4096;

    static final int LOOKS_PER_TURN = 256;
    static final Duration WINDOW = Duration.ofSeconds(10);
    static final long TURN_NANOS = Duration.ofMillis(10).toNanos();

    private static final int PROMOTIONS_PER_WINDOW = 4096;

    private final Queue<Evicted> watched = new ArrayBlockingQueue<>(WATCHED_MAX);
    private final SecondTouch touches;
    private final PingPong pingPong;
    private final Mutex working = new Mutex();
    private final Migration migration;
    private final NanoClock clock;
    private long nextTurn;

    Promoter(Migration migration, NanoClock clock) {
        this.migration = migration;
        this.clock = clock;
        this.touches = new SecondTouch(WATCHED_MAX, WINDOW, clock);
        this.pingPong = new PingPong(WINDOW, PROMOTIONS_PER_WINDOW, clock);
        this.nextTurn = clock.nanoTime();
    }

    private record Evicted(DeviceTier tier, Lineage lineage, long address, long untilNanos) {

        long key() {
            return lineage.key(address);
        }
    }

    /** Watches a page that was evicted. */
    void evicted(DeviceTier tier, Lineage lineage, long address) {
        Evicted page = new Evicted(tier, lineage, address, clock.nanoTime() + WINDOW.toNanos());
        pingPong.demoted(page.key());
        touches.demoted(page.key());
        while (!watched.offer(page)) {
            watched.poll(); // who remembers touches forgets the oldest too
        }
    }

    /** Looks at some pages, and promotes those that were used twice. Returns how many. */
    int work() {
        if (watched.isEmpty() || !working.tryLock()) {
            return 0;
        }
        try {
            long now = clock.nanoTime();
            if (now - nextTurn < 0) {
                return 0;
            }
            nextTurn = now + TURN_NANOS;
            int promoted = 0;
            for (int looks = Math.min(watched.size(), LOOKS_PER_TURN); looks > 0; looks--) {
                promoted += look(watched.remove(), now) ? 1 : 0;
            }
            return promoted;
        } finally {
            working.unlock();
        }
    }

    private boolean look(Evicted page, long now) {
        if (page.untilNanos - now < 0 || page.tier.device().isClosing()) {
            return false;
        }
        // Without room a use is not counted: else the second use would be spent on a page that cannot move.
        boolean isUsedAgain = ReverseMap.testAndClearAccessed(page.lineage, page.address)
                && page.tier.hasRoomAhead() && touches.touched(page.key());
        if (!isUsedAgain) {
            watched.offer(page);
            return false;
        }
        return pingPong.tryPromote(page.key()) && promote(page);
    }

    private boolean promote(Evicted page) {
        Batch batch = new Batch(page.lineage, page.address, page.tier.pool(), false, false);
        int index = Geometry.pageIndex(page.address);
        long frame = ReverseMap.anyFrame(page.lineage, page.address);
        if (frame == Batch.NONE) {
            return false;
        }
        batch.want(index, frame);
        migration.move(batch);
        return batch.outcome(index) == PageOutcome.MOVED;
    }
}
