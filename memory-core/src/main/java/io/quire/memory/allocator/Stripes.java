package io.quire.memory.allocator;

import static io.quire.memory.allocator.FrameUnits.NONE;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The words that threads of one stripe share, and other stripes leave alone.
 * <pre>
 *   stripe 0                                    stripe 1
 *  +-------------+----------+-------+---------+-------------+---
 *  | RESERVATION | TRANSFER | CLAIM | unused  | RESERVATION |
 *  +-------------+----------+-------+---------+-------------+---
 *   0             1          2       3      15  16            longs
 * </pre>
 * The stride is 128 bytes: two cache lines, since processors fetch them in pairs. Wait-free.
 */
final class Stripes {
    /** A sum that no quiet allocator has: something is moving. */
    static final long MOVING = -1;

    private static final int STRIDE = 128 / Long.BYTES;

    private static final int RESERVATION_OFFSET = 0;
    private static final int TRANSFER_OFFSET = RESERVATION_OFFSET + 1;
    private static final int CLAIM_OFFSET = TRANSFER_OFFSET + 1;

    private static final long UNCLAIMED = 0;
    private static final long CLAIMED = 1;

    /** How many stripes a thread tries to claim before it does without. */
    private static final int CLAIM_TRIES = 2;

    /** Threads that share an entry of {@link #homes}, by their numbers; a power of two. */
    private static final int THREADS = 256;

    private final int count;
    private final AtomicLongArray words;

    /**
     * The stripe that a thread tries first. RACY(stripe-home): a thread that was crowded out writes the one it found,
     * and two threads may do that at once; then one of them is crowded out once more.
     */
    private final int[] homes = new int[THREADS];

    /** {@code count} is a power of two. Stripes begin to search far from each other. */
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
     * Claims a stripe for this thread; NONE if those tried are all in use. A thread that finds its own in use moves to
     * the next: two that always met would pass the line of one claim back and forth with every frame.
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

    // ---- reservations: preferences only, so nothing is ordered by them ----

    long reservationOpaque(int stripe) {
        return words.getOpaque(at(stripe, RESERVATION_OFFSET));
    }

    boolean changeReservation(int stripe, long from, long to) {
        return words.compareAndExchange(at(stripe, RESERVATION_OFFSET), from, to) == from;
    }

    // ---- transfers ----

    /** From here to {@link #endTransfer} the caller may hold free frames that no search can find. */
    void beginTransfer(int stripe) {
        // ORDER(frame-transfer) release: who misses a frame in its old place sees this beginning.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.BEGIN);
    }

    void endTransfer(int stripe) {
        // ORDER(frame-transfer) release: who sees no transfer running sees frames in their new place.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.END);
    }

    /** Tells searches in progress that a frame has just become free, perhaps where they looked before. */
    void countMove(int stripe) {
        // ORDER(frame-transfer) release: whoever sees a later allocation of the caller sees this move, too.
        words.getAndAdd(at(stripe, TRANSFER_OFFSET), TransferWord.MOVE);
    }

    /** Moves so far; {@link #MOVING} while a transfer is under way. */
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
     * Every tree that names an owner is held by that stripe, and the other way round. Needs a quiescent
     * allocator.
     */
    void check(FrameTrees trees) {
        for (int stripe = 0; stripe < count; stripe++) {
            long transfer = words.getAcquire(at(stripe, TRANSFER_OFFSET));
            if (TransferWord.isRunning(transfer)) {
                throw new IllegalStateException("transfer is under way: stripe=" + stripe + ", "
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

    /** How a tree names a stripe. */
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
