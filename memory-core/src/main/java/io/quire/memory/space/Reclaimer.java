package io.quire.memory.space;

import io.quire.memory.frame.FramePools;
import io.quire.memory.frame.FrameSource;
import io.quire.memory.guard.Wait;
import io.quire.memory.table.Directory;
import io.quire.memory.table.Entry;
import io.quire.memory.table.Geometry;
import io.quire.memory.table.Leaf;
import io.quire.memory.table.LeafDirectory;
import io.quire.memory.table.UpperDirectory;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Destroys trees nobody lists any more, a node at a time, so that closing a space of any size is bounded work: the
 * rest is done by the slow paths of other spaces, by the background agent, or by whoever runs out of frames.
 * <p>
 * Any thread; lock-free. A node gets here after its translations were withdrawn, so nobody can reach it but readers
 * that will find out and read again.
 */
public final class Reclaimer {

    private final Queue<Object> dead = new ConcurrentLinkedQueue<>();
    private final AtomicInteger workers = new AtomicInteger();
    private final FramePools pools;

    Reclaimer(FramePools pools) {
        this.pools = pools;
    }

    /** One parent less for a directory. */
    void release(Directory directory) {
        if (directory.release()) {
            dead.add(directory);
        }
    }

    /** One directory less for a leaf. */
    void release(long[] leaf) {
        if (Leaf.release(leaf)) {
            dead.add(leaf);
        }
    }

    /** Whether there is nothing to do. */
    public boolean isIdle() {
        return dead.isEmpty();
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
    int reclaim(int nodes, FrameSource frames) {
        if (dead.isEmpty()) {
            return 0;
        }
        workers.incrementAndGet();
        try {
            int done = 0;
            for (Object node = null; done < nodes && (node = dead.poll()) != null; done++) {
                destroy(node, frames);
            }
            return done;
        } finally {
            workers.decrementAndGet();
        }
    }

    /**
     * Destroys all there is and waits for the other threads that are destroying something.
     *
     * @return whether there was anything
     */
    public boolean reclaimAll() {
        boolean worked = reclaim(Integer.MAX_VALUE) > 0 || workers.get() > 0;
        if (worked) {
            Wait.until(() -> reclaim(Integer.MAX_VALUE) == 0 && workers.get() == 0);
        }
        return worked;
    }

    private void destroy(Object node, FrameSource frames) {
        switch (node) {
            case UpperDirectory upper -> {
                for (int i = 0; i < Geometry.FAN_OUT; i++) {
                    Directory child = upper.child(i);
                    if (child != null) {
                        release(child);
                    }
                }
            }
            case LeafDirectory directory -> {
                for (int i = 0; i < Geometry.FAN_OUT; i++) {
                    long[] leaf = directory.leaf(i);
                    if (leaf != null) {
                        release(leaf);
                    }
                }
            }
            case long[] leaf -> {
                for (int i = 0; i < Geometry.FAN_OUT; i++) {
                    long entry = Leaf.entry(leaf, i);
                    if (Entry.isPresent(entry)) {
                        frames.release(Entry.offset(entry));
                    }
                }
            }
            default -> throw new AssertionError(node);
        }
    }

    /** The nodes that wait to be destroyed, for a recount while nothing else runs. */
    Iterable<Object> dead() {
        return dead;
    }

    @Override
    public String toString() {
        return "Reclaimer[waiting=" + dead.size() + ", workers=" + workers + "]";
    }
}
