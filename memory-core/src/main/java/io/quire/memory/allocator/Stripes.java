package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The words of each stripe, which its threads share and threads of other stripes rarely write.
 * <pre>
 *   stripe 0                                    stripe 1
 *  +-------------+----------+-------+---------+-------------+---
 *  | RESERVATION | TRANSFER | CLAIM | unused  | RESERVATION |
 *  +-------------+----------+-------+---------+-------------+---
 *   0             1          2       3      15  16            longs
 * </pre>
 * The stride is 128 bytes: two cache lines, because processors fetch them in pairs. Wait-free.
 */
final class Stripes {
    /** What {@link #moves} returns while a transfer is in progress. */
    static final long MOVING = -1;

    private static final int STRIDE = 128 / Long.BYTES;

    private static final int RESERVATION_OFFSET = 0;
    private static final int TRANSFER_OFFSET = RESERVATION_OFFSET + 1;
    private static final int CLAIM_OFFSET = TRANSFER_OFFSET + 1;

    private static final long UNCLAIMED = 0;
    private static final long CLAIMED = 1;

    /** How many stripes a thread tries to claim before it does without. */
    private static final int CLAIM_TRIES = 2;

    /** Entries of {@link #homes}; a power of two. Threads whose ids are equal modulo this number share one. */
    private static final int THREADS = 256;

    private final int count;
    private final AtomicLongArray words;

    /**
     * The stripe that a thread tries first. RACY(stripe-home): a thread that found its stripe in use writes the one
     * that it claimed instead. If two threads do that at once, one of the two stores is lost, and its thread moves
     * again.
     */
    private final int[] homes = new int[THREADS];

    /** {@code count} is a power of two. Stripes start their searches far apart. */
    Stripes(int count, int trees) {
        assert Integer.bitCount(count) == 1 && count < TreeWord.OWNER_MAX : "bad stripe count: " + count;
        this.count = count;
        // The first stride keeps the header of the array away from the words.
        this.words = new AtomicLongArray((count + 1) * STRIDE);
        for (int stripe = 0; stripe < count; stripe++) {
            int tree = (int) ((long) stripe * trees / count);
            long start = ReservationWord.startingAt(FrameUnits.firstRowOfTree(tree));
            words.setPlain(at(stripe, RESERVATION_OFFSET), start);
        }
        Arrays.setAll(homes, this::of);
    }

    int count() {
        return count;
    }

    /** The stripe that {@code number} belongs to. */
    int of(long number) {
        return (int) number & (count - 1);
    }

    /** The stripe that this thread tries first. */
    int home() {
        return homes[homeIndex()];
    }

    private static int homeIndex() {
        return (int) Thread.currentThread().threadId() & (THREADS - 1);
    }

    // ---- claims: one thread at a time may use the magazine of a stripe ----

    /**
     * Claims a stripe for this thread; NONE if all that it tried are in use. A thread that finds its own stripe in use
     * moves to the next one for good: two threads that keep meeting would pass one cache line back and forth with every
     * frame.
     */
    int claim() {
        int home = home();
        for (int step = 0; step < CLAIM_TRIES; step++) {
            int stripe = of(home + (long) step);
            // ORDER(stripe-claim) acquire: what the last user did to the magazine is visible.
            if (words.compareAndExchangeAcquire(at(stripe, CLAIM_OFFSET), UNCLAIMED, CLAIMED) == UNCLAIMED) {
                if (step > 0) {
                    homes[homeIndex()] = stripe;
                }
                return stripe;
            }
        }
        return NONE;
    }

    void unclaim(int stripe) {
        // ORDER(stripe-claim) release: changes to the magazine first, then the word that lets others use it.
        words.setRelease(at(stripe, CLAIM_OFFSET), UNCLAIMED);
    }

    // ---- reservations: only preferences, so they order nothing ----

    long reservationOpaque(int stripe) {
        return words.getOpaque(at(stripe, RESERVATION_OFFSET));
    }

    boolean changeReservation(int stripe, long from, long to) {
        return words.compareAndExchange(at(stripe, RESERVATION_OFFSET), from, to) == from;
    }

    // ---- transfers ----

    /** From here to {@link #endTransfer} the caller may hold free frames that no search can find. */
    void beginTransfer(int stripe) {
        // ORDER(frame-transfer) release: a search that misses a frame in its old place sees that a transfer has begun.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.BEGIN);
    }

    void endTransfer(int stripe) {
        // ORDER(frame-transfer) release: a search that sees no transfer in progress sees frames in their new place.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.END);
    }

    /** Tells searches in progress that a frame has just become free, perhaps where they looked before. */
    void countMove(int stripe) {
        // ORDER(frame-transfer) release: a thread that sees a later allocation of the caller sees this move, too.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.MOVE);
    }

    /** Moves so far; {@link #MOVING} while a transfer is in progress. */
    long moves() {
        long moves = 0;
        for (int stripe = 0; stripe < count; stripe++) {
            // ORDER(frame-transfer) acquire: the search that follows finds what was moved before.
            long word = words.getAcquire(at(stripe, TRANSFER_OFFSET));
            if (TransferWord.isRunning(word)) {
                return MOVING;
            }
            moves += TransferWord.moves(word);
        }
        return moves;
    }

    /**
     * Checks that every tree that names an owner is held by that stripe, and the other way round. No other thread may
     * use the allocator meanwhile.
     */
    void check(FrameTrees trees) {
        for (int stripe = 0; stripe < count; stripe++) {
            long transfer = words.getAcquire(at(stripe, TRANSFER_OFFSET));
            if (TransferWord.isRunning(transfer)) {
                throw new IllegalStateException("a transfer is in progress: stripe=" + stripe + ", "
                        + TransferWord.toString(transfer));
            }
            long reservation = reservationOpaque(stripe);
            int tree = ReservationWord.tree(reservation);
            long word = trees.wordOpaque(tree);
            if (ReservationWord.isHeld(reservation) && TreeWord.owner(word) != ownerOf(stripe)) {
                throw brokenReservation(tree, word, reservation);
            }
        }
        for (int tree = 0; tree < trees.count(); tree++) {
            long word = trees.wordOpaque(tree);
            if (TreeWord.isOwned(word)) {
                long reservation = reservationOpaque(TreeWord.owner(word) - 1);
                if (!ReservationWord.holds(reservation, tree)) {
                    throw brokenReservation(tree, word, reservation);
                }
            }
        }
    }

    /** The number by which a tree names a stripe as its owner. */
    static int ownerOf(int stripe) {
        return stripe + 1;
    }

    private static int at(int stripe, int offset) {
        return (stripe + 1) * STRIDE + offset;
    }

    private static IllegalStateException brokenReservation(int number, long tree, long reservation) {
        return new IllegalStateException("tree and reservation disagree: number=" + number
                + ", tree=[" + TreeWord.toString(tree)
                + "], reservation=[" + ReservationWord.toString(reservation) + "]");
    }
}
