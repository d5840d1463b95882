package io.quire.memory.space;

import io.quire.memory.frame.FramePools;
import io.quire.memory.table.Directory;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.LongArrayList;

/**
 * What an operation has taken out of a tree and not released yet: first the translations are withdrawn from readers
 * and writers, then the references go. Owned by the holder of the space's lock; reused, so that faults allocate
 * nothing for it.
 */
final class Retired {

    private final List<Directory> directories = new ArrayList<>();
    private final List<long[]> leaves = new ArrayList<>();
    private final LongArrayList frames = new LongArrayList();

    void add(Directory directory) {
        directories.add(directory);
    }

    void add(long[] leaf) {
        leaves.add(leaf);
    }

    void addFrame(long offset) {
        frames.addLong(offset);
    }

    boolean isEmpty() {
        return directories.isEmpty() && leaves.isEmpty() && frames.isEmpty();
    }

    /** Gives up one reference to each. */
    void release(Reclaimer reclaimer, FramePools pools) {
        directories.forEach(reclaimer::release);
        leaves.forEach(reclaimer::release);
        for (int i = 0; i < frames.size(); i++) {
            pools.release(frames.getLong(i));
        }
        abandon();
    }

    /** Forgets what is held, without a release. */
    void abandon() {
        directories.clear();
        leaves.clear();
        frames.clear();
    }
}
