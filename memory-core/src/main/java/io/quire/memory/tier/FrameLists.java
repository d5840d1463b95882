package io.quire.memory.tier;

import java.util.Arrays;

/**
 * Two doubly linked lists of the frames of a pool, SMALL and MAIN. A frame is in one of them or in none, and leaves
 * from anywhere in constant time. Eight bytes a frame. Not thread-safe.
 * <pre>
 *   frame 0 .. frame n-1 | head of SMALL | head of MAIN
 *   heads close the rings: next(head) is the oldest frame of the list, previous(head) the newest
 * </pre>
 */
final class FrameLists {

    /** No frame. */
    static final int NONE = -1;

    private final int frames;
    private final int small;
    private final int main;
    private final int[] next;
    private final int[] previous;

    private int smallSize;
    private int mainSize;

    FrameLists(int frames) {
        this.frames = frames;
        small = frames;
        main = frames + 1;
        next = new int[frames + 2];
        previous = new int[frames + 2];
        Arrays.fill(next, NONE);
        next[small] = small;
        previous[small] = small;
        next[main] = main;
        previous[main] = main;
    }

    int smallSize() {
        return smallSize;
    }

    int mainSize() {
        return mainSize;
    }

    /** The oldest frame of SMALL, or NONE. */
    int oldestOfSmall() {
        return smallSize == 0 ? NONE : next[small];
    }

    /** The oldest frame of MAIN, or NONE. */
    int oldestOfMain() {
        return mainSize == 0 ? NONE : next[main];
    }

    void appendToSmall(int frame) {
        append(small, frame);
        smallSize++;
    }

    void appendToMain(int frame) {
        append(main, frame);
        mainSize++;
    }

    void removeFromSmall(int frame) {
        remove(frame);
        smallSize--;
    }

    void removeFromMain(int frame) {
        remove(frame);
        mainSize--;
    }

    private void append(int head, int frame) {
        assert next[frame] == NONE : "frame is in a list: frame=" + frame;
        int newest = previous[head];
        next[newest] = frame;
        previous[frame] = newest;
        next[frame] = head;
        previous[head] = frame;
    }

    private void remove(int frame) {
        assert next[frame] != NONE : "frame is in no list: frame=" + frame;
        next[previous[frame]] = next[frame];
        previous[next[frame]] = previous[frame];
        next[frame] = NONE;
    }

    /**
     * Checks that every link has its counterpart, that each list has as many frames as it says, and that no other frame
     * is linked.
     */
    void check(byte[] places) {
        int linked = 0;
        for (int frame = 0; frame < frames; frame++) {
            boolean listed = Place.isInSmall(places[frame]) || Place.isInMain(places[frame]);
            if (listed != (next[frame] != NONE)) {
                throw new IllegalStateException("link and place disagree: frame=" + frame + ", place="
                        + Place.toString(places[frame]) + ", next=" + next[frame]);
            }
            linked += listed ? 1 : 0;
        }
        int found = checkRing(small, smallSize) + checkRing(main, mainSize);
        if (found != linked) {
            throw new IllegalStateException("a linked frame is in neither list: found=" + found + ", linked=" + linked);
        }
    }

    private int checkRing(int head, int size) {
        int found = 0;
        for (int at = next[head]; at != head && found <= size; at = next[at]) {
            if (previous[next[at]] != at) {
                throw new IllegalStateException("link without counterpart: frame=" + at + ", next=" + next[at]);
            }
            found++;
        }
        if (found != size) {
            throw new IllegalStateException("list has the wrong size: found=" + found + ", size=" + size);
        }
        return found;
    }
}
