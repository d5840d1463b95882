package io.quire.memory.table;

import io.quire.memory.frame.FramePools;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an operation has taken out of a tree and not released yet: first the translations are invalidated from readers
 * and writers, then the references go. Owned by the holder of the space's lock; reused, so that faults allocate
 * nothing for it.
 * <p>
 * Room is {@link #reserve reserved} before the tree is changed, so that what was taken out can always be noted. What an
 * Error keeps from being released stays here for the next operation on the space.
 */
public final class Retired extends Reclaimer.Leftover {

    private static final Object[] NO_NODES = {};
    private static final long[] NO_FRAMES = {};
    private static final int ROOM_MIN = 8;

    // Each from the first that is not released to the last.
    public Object[] nodes = NO_NODES;
    private int firstNode;
    private int nodesEnd;
    private long[] frames = NO_FRAMES;
    private int firstFrame;
    private int framesEnd;

    /** The top of the tree when its space is closed: there is always room for it. */
    private @Nullable Object top;

    /** Whether a writer may still be at what is in here. */
    private boolean written;

    /** Makes room for so many nodes and frames more. */
    public void reserve(int moreNodes, int moreFrames) {
        if (nodesEnd + moreNodes > nodes.length) {
            nodes = Arrays.copyOf(nodes, Math.max(ROOM_MIN, Math.max(2 * nodes.length, nodesEnd + moreNodes)));
        }
        if (framesEnd + moreFrames > frames.length) {
            frames = Arrays.copyOf(frames, Math.max(ROOM_MIN, Math.max(2 * frames.length, framesEnd + moreFrames)));
        }
    }

    /** Takes a directory or a leaf; there is room. In which element of {@link #nodes} it is until it is released. */
    int add(Object node) {
        nodes[nodesEnd] = node;
        return nodesEnd++;
    }

    /** Takes the top of the tree of a space that is closed. */
    public void addTop(Object directory) {
        top = directory;
    }

    /** Takes a frame; there is room. */
    public void addFrame(long offset) {
        frames[framesEnd++] = offset;
    }

    public boolean isEmpty() {
        return nodesEnd == 0 && framesEnd == 0 && top == null;
    }

    /** What comes in from here on, writers may be at until {@link #settle}. */
    public void unsettle() {
        written = true;
    }

    /** The writers of the space were waited for. */
    public void settle() {
        written = false;
    }

    /** Whether all that is in here may be released once readers know. */
    public boolean isSettled() {
        return !written;
    }

    /** Gives up one reference to each; goes on, when it is called again, where it stopped. */
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

    /** The nodes that are not released, for a recount. */
    public Iterable<Object> nodes() {
        List<Object> held = new ArrayList<>(Arrays.asList(nodes).subList(firstNode, nodesEnd));
        if (top != null) {
            held.add(top);
        }
        return held;
    }

    /** The frames that are not released, for a recount. */
    public long[] frames() {
        return Arrays.copyOfRange(frames, firstFrame, framesEnd);
    }
}
