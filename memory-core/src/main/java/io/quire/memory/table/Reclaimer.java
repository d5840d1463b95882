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
 * Destroys trees nobody lists any more, a node at a time, so that closing a space of any size is bounded work: the
 * rest is done by the slow paths of other spaces, by the background agent, or by whoever runs out of frames.
 * <p>
 * Any thread; lock-free. A node gets here after its translations were invalidated, so nobody can reach it but readers
 * that will find out and read again.
 * <p>
 * An Error loses nothing: a node takes each child out when that is released, so that one half destroyed can be gone on
 * with, and it goes back to the others without an allocation.
 */
public final class Reclaimer {

    /** Much longer than a thread takes for a node, also when others keep it from running. */
    private static final long WORK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Queue<Object> dead = new ConcurrentLinkedQueue<>();
    private final AtomicReference<@Nullable Leftover> leftovers = new AtomicReference<>();

    /**
     * How many threads destroy something just now. One that a full stack has thrown out counts for ever, so a count that
     * does not end is replaced by a new one.
     */
    private final AtomicReference<AtomicInteger> workers = new AtomicReference<>(new AtomicInteger());
    private final FramePools pools;

    public Reclaimer(FramePools pools) {
        this.pools = pools;
    }

    /** What an Error has interrupted: allocated before it is needed. All are taken at once, so they need no count. */
    static class Leftover {

        private @Nullable Object what;
        private @Nullable Leftover next;
    }

    /** One parent less for a directory or a leaf: done, or, if an Error comes out of this, not done. */
    public void release(Object node) {
        boolean shared = node instanceof long[] leaf ? Leaf.releaseShared(leaf) : ((Directory) node).releaseShared();
        if (!shared) {
            // STEP(drop 2)
            dead.add(node); // with its last reference
        }
    }

    /** Destroys what only this node holds, now and by itself, without an allocation. */
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

    /** Has somebody, some time, release what a space could not when it was closed. Allocates nothing. */
    public void leave(Retired retired) {
        Leftover leftover = retired;
        leftover.what = retired;
        push(leftover);
    }

    @SuppressWarnings("ReferenceEquality") // the object that was seen
    private void push(Leftover leftover) {
        Leftover seen = leftovers.get();
        do {
            leftover.next = seen;
            seen = leftovers.compareAndExchange(seen, leftover);
        } while (seen != leftover.next);
    }

    /** Whether there is nothing to do. */
    public boolean isIdle() {
        return dead.isEmpty() && leftovers.get() == null;
    }

    /**
     * Destroys some nodes.
     *
     * @param nodes at most how many; each frees up to 64 frames
     * @return how many
     */
    public int reclaim(int nodes) {
        return reclaim(nodes, pools);
    }

    /** The same, and the frames that are free then go to the caller's source. */
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

    /** The same, for a caller whose own work is done: what cannot be done now is left to others. */
    public void reclaimIfPossible(int nodes) {
        try {
            reclaim(nodes);
        } catch (OutOfMemoryError | StackOverflowError later) {
            // nothing is lost
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
     * Destroys all there is and waits for the other threads that are destroying something.
     *
     * @return whether there was anything
     */
    public boolean reclaimAll() {
        AtomicInteger others = Objects.requireNonNull(workers.get());
        boolean worked = reclaim(Integer.MAX_VALUE) > 0 || others.get() > 0;
        boolean done = !worked;
        while (!done) {
            done = Wait.tryUntil(() -> reclaim(Integer.MAX_VALUE) == 0 && others.get() == 0, WORK_NANOS);
            if (!done && isIdle()) { // whoever counts there is gone
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

    /** The nodes that wait to be destroyed, and what closed spaces have left, for a recount while nothing else runs. */
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
