package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.guard.Wait;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Destroys trees that nobody lists any more, a node at a time. So closing a space of any size is bounded work: the rest
 * is done by the slow paths of other spaces, by the background agent, or by a thread that runs out of frames.
 * <p>
 * Any thread; lock-free. A node gets here after its translations were invalidated. So only readers can still reach it,
 * and they will notice and read again.
 * <p>
 * An Error loses nothing. A node drops each child as soon as the child is released, so another thread can go on with a
 * half destroyed node. It gets the node back without an allocation.
 */
public final class Reclaimer {

    /** Much longer than a thread needs for a node, even if others keep it from running. */
    private static final long WORK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Queue<Object> dead = new ConcurrentLinkedQueue<>();
    private final AtomicReference<@Nullable Leftover> leftovers = new AtomicReference<>();

    /**
     * The number of threads that are destroying something now. A thread that a full stack threw out stays counted, so a
     * count that does not reach 0 is replaced by a new one.
     */
    private final AtomicReference<AtomicInteger> workers = new AtomicReference<>(new AtomicInteger());
    private final FramePools pools;

    public Reclaimer(FramePools pools) {
        this.pools = pools;
    }

    /**
     * Keeps what an Error interrupted; allocated before it is needed. The list is always taken as a whole, so a
     * leftover that comes back (ABA) does no harm.
     */
    static class Leftover {

        private @Nullable Object what;
        private @Nullable Leftover next;
    }

    /** Removes one parent of a directory or a leaf. If an Error comes out of this, nothing was removed. */
    public void release(Object node) {
        boolean shared = node instanceof long[] leaf ? Leaf.releaseShared(leaf) : ((Directory) node).releaseShared();
        if (!shared) {
            // STEP(drop 2)
            dead.add(node); // and its last reference with it
        }
    }

    /** Gives up one reference to a node, and destroys at once whatever has none left. Allocates nothing. */
    public void destroyNow(Directory top) {
        if (top.releaseShared()) {
            return;
        }
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            if (top instanceof UpperDirectory upper) {
                Directory child = upper.child(i);
                if (child != null) {
                    destroyNow(child);
                }
            } else if (top instanceof LeafDirectory directory) {
                long[] leaf = directory.leaf(i);
                if (leaf != null && !Leaf.releaseShared(leaf)) {
                    releaseFrames(leaf, pools);
                }
            }
        }
    }

    /** Takes over what a closed space could not release; a later {@link #reclaim} releases it. Allocates nothing. */
    public void leave(Retired retired) {
        Leftover leftover = retired;
        leftover.what = retired;
        push(leftover);
    }

    @SuppressWarnings("ReferenceEquality") // the very object that was seen
    private void push(Leftover leftover) {
        Leftover seen = leftovers.get();
        do {
            leftover.next = seen;
            seen = leftovers.compareAndExchange(seen, leftover);
        } while (seen != leftover.next);
    }

    /** True if there is nothing to destroy. */
    public boolean isIdle() {
        return dead.isEmpty() && leftovers.get() == null;
    }

    /**
     * Destroys some nodes.
     *
     * @param nodes the most nodes to destroy; each frees up to 64 frames
     * @return the number of destroyed nodes
     */
    public int reclaim(int nodes) {
        return reclaim(nodes, pools);
    }

    /** As {@link #reclaim(int)}, and gives the freed frames to the caller's source. */
    public int reclaim(int nodes, FrameSource frames) {
        if (isIdle()) {
            return 0;
        }
        Leftover spare = new Leftover();
        AtomicInteger counted = Objects.requireNonNull(workers.get());
        counted.incrementAndGet();
        Object node = null;
        try {
            queueLeftovers();
            int done = 0;
            for (; done < nodes && (node = dead.poll()) != null; done++) {
                destroy(node, frames);
            }
            node = null;
            return done;
        } finally {
            if (node != null) {
                spare.what = node;
                push(spare);
            }
            counted.decrementAndGet();
        }
    }

    /** As {@link #reclaim(int)}, for a caller whose own work is done: if an Error interrupts it, others go on. */
    public void reclaimIfPossible(int nodes) {
        try {
            reclaim(nodes);
        } catch (OutOfMemoryError | StackOverflowError later) {
            // the rest is among the leftovers
        }
    }

    private void queueLeftovers() {
        if (leftovers.get() == null) {
            return;
        }
        Leftover first = leftovers.getAndSet(null);
        try {
            for (; first != null; first = first.next) {
                dead.add(Objects.requireNonNull(first.what));
            }
        } finally {
            while (first != null) {
                Leftover rest = first.next;
                push(first);
                first = rest;
            }
        }
    }

    /**
     * Destroys everything that waits here, and waits for other threads that are destroying something.
     *
     * @return true if there was anything to destroy
     */
    public boolean reclaimAll() {
        AtomicInteger others = Objects.requireNonNull(workers.get());
        boolean worked = reclaim(Integer.MAX_VALUE) > 0 || others.get() > 0;
        boolean done = !worked;
        while (!done) {
            done = Wait.tryUntil(() -> reclaim(Integer.MAX_VALUE) == 0 && others.get() == 0, WORK_NANOS);
            if (!done && isIdle()) { // the threads that are still counted are gone
                workers.compareAndSet(others, new AtomicInteger());
                done = true;
            }
        }
        return worked;
    }

    private void destroy(Object node, FrameSource frames) {
        if (node instanceof UpperDirectory upper) {
            for (int i = 0; i < Geometry.FAN_OUT; i++) {
                Directory child = upper.child(i);
                if (child != null) {
                    release(child);
                    upper.setChild(i, null);
                }
            }
        } else if (node instanceof LeafDirectory directory) {
            for (int i = 0; i < Geometry.FAN_OUT; i++) {
                long[] leaf = directory.leaf(i);
                if (leaf != null) {
                    release(leaf);
                    directory.remove(i);
                }
            }
        } else if (node instanceof long[] leaf) {
            releaseFrames(leaf, frames);
        } else if (node instanceof Retired retired) {
            retired.release(this, pools);
        } else {
            throw new AssertionError(node);
        }
    }

    private static void releaseFrames(long[] leaf, FrameSource frames) {
        for (int i = 0; i < Geometry.FAN_OUT; i++) {
            long entry = Leaf.entry(leaf, i);
            if (Entry.isPresent(entry)) {
                frames.release(Entry.offset(entry));
                Leaf.set(leaf, i, Entry.ABSENT);
            }
        }
    }

    /** The nodes that wait to be destroyed, and what closed spaces left. For a recount while nothing else runs. */
    public Iterable<Object> dead() {
        List<Object> all = new ArrayList<>(dead);
        for (Leftover leftover = leftovers.get(); leftover != null; leftover = leftover.next) {
            all.add(Objects.requireNonNull(leftover.what));
        }
        return all;
    }

    @Override
    public String toString() {
        return "Reclaimer[waiting=" + dead.size() + ", workers=" + workers.get() + "]";
    }
}
