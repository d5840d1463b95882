package io.quire.memory.bench.evict;

import io.quire.memory.tier.EvictionQueues;
import java.util.Arrays;

/** The library's own queues: the class that a manager uses, not a copy of it, with an accessed bit for each frame. */
final class Quire implements Policy {

    private static final int NONE = -1;

    private final EvictionQueues queues;
    private final int[] frameOfPage;
    private final int[] pageOfFrame;
    private final boolean[] accessed;
    private int used;

    Quire(int pages, int frames) {
        queues = new EvictionQueues(frames);
        frameOfPage = new int[pages];
        Arrays.fill(frameOfPage, NONE);
        pageOfFrame = new int[frames];
        accessed = new boolean[frames];
    }

    @Override
    public boolean access(int page) {
        int frame = frameOfPage[page];
        if (frame != NONE) {
            accessed[frame] = true;
            return true;
        }
        frame = used < pageOfFrame.length ? used++ : evict();
        accessed[frame] = false;
        queues.added(frame, page, false);
        frameOfPage[page] = frame;
        pageOfFrame[frame] = page;
        return false;
    }

    private int evict() {
        int frame = EvictionQueues.NONE;
        while (frame == EvictionQueues.NONE) { // every page it looked at was in use; the next call goes on with others
            frame = queues.nextVictim(this::testAndClear);
        }
        queues.removed(frame);
        frameOfPage[pageOfFrame[frame]] = NONE;
        return frame;
    }

    private boolean testAndClear(int frame) {
        boolean was = accessed[frame];
        accessed[frame] = false;
        return was;
    }
}
