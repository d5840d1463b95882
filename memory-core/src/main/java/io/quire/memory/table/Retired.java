package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nodes and frames that an operation has taken out of a tree and not released yet. First their translations are
 * invalidated, then their references are given up. The holder of the space's lock owns this object, and reuses it, so
 * that faults allocate nothing for it.
 * <p>
 * Room is {@link #reserve reserved} before the tree is changed, so what is taken out can always be noted. If an Error
 * interrupts a release, the rest stays here for the next operation on the space.
 */
public final class Retired extends Reclaimer.Leftover {

    private static final Object[] NO_NODES = {};
    private static final long[] NO_FRAMES = {};
    private static final int ROOM_MIN = 8;

    // In each array, the elements from "first" to before "end" are not released yet.
    public Object[] nodes = NO_NODES;
    private int firstNode;
    private int nodesEnd;
    private long[] frames = NO_FRAMES;
    private int firstFrame;
    private int framesEnd;

    /** The top of the tree of a closed space. It has a field of its own, so there is always room for it. */
    private @Nullable Object top;

    /** True if a writer may still use what is in here. */
    private boolean written;

    /** Makes room for more nodes and frames. */
    public void reserve(int moreNodes, int moreFrames) {
        if (nodesEnd + moreNodes > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(ROOM_MIN, Math.max(2 * nodes.length, nodesEnd + moreNodes)));
        }
        if (framesEnd + moreFrames > frames.length) {
            frames = Arrays.copyOf(frames, Math.max(ROOM_MIN, Math.max(2 * frames.length, framesEnd + moreFrames)));
        }
    }

    /**
     * Adds a directory or a leaf, for which there is room.
     *
     * @return its index in {@link #nodes} until it is released
     */
    int add(Object node) {
        nodes[nodesEnd] = node;
        return nodesEnd++;
    }

    /** Adds the top of the tree of a closed space. */
    public void addTop(Object directory) {
        top = directory;
    }

    /** Adds a frame, for which there is room. */
    public void addFrame(long offset) {
        frames[framesEnd++] = offset;
    }

    public boolean isEmpty() {
        return nodesEnd == 0 && framesEnd == 0 && top == null;
    }

    /** Notes that writers may use what is added from here on, until {@link #settle}. */
    public void unsettle() {
        written = true;
    }

    /** Notes that the writers of the space were waited for. */
    public void settle() {
        written = false;
    }

    /** True if everything in here may be released once it is invalidated for readers. */
    public boolean isSettled() {
        return !written;
    }

    /** Gives up one reference to each node and frame. After an Error, the next call goes on where this one stopped. */
    public void release(Reclaimer reclaimer, FramePools pools) {
        for (; firstNode < nodesEnd; firstNode++) {
            reclaimer.release(nodes[firstNode]);
        }
        for (; firstFrame < framesEnd; firstFrame++) {
            pools.release(frames[firstFrame]);
        }
        if (top != null) {
            reclaimer.release(top);
            top = null;
        }
        Arrays.fill(nodes, 0, nodesEnd, null);
        firstNode = 0;
        nodesEnd = 0;
        firstFrame = 0;
        framesEnd = 0;
    }

    /** The nodes that are not released yet, for a recount. */
    public Iterable<Object> nodes() {
        List<Object> held = new ArrayList<>(Arrays.asList(nodes).subList(firstNode, nodesEnd));
        if (top != null) {
            held.add(top);
        }
        return held;
    }

    /** The frames that are not released yet, for a recount. */
    public long[] frames() {
        return Arrays.copyOfRange(frames, firstFrame, framesEnd);
    }
}
