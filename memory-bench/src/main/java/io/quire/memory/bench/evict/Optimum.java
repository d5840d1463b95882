package io.quire.memory.bench.evict;

import java.util.Arrays;

/**
 * The best possible policy (Belady, 1966). It knows the whole trace, and evicts the page whose next use is the latest.
 */
final class Optimum implements Policy {

    private static final int NEVER = Integer.MAX_VALUE;

    private final int frames;
    private final int[] nextUses;
    private final boolean[] resident;
    private final LatestUses latest;
    private int size;
    private int time;

    Optimum(Trace trace, int frames) {
        this.frames = frames;
        nextUses = nextUses(trace);
        resident = new boolean[trace.pages()];
        latest = new LatestUses(trace.pages());
    }

    @Override
    public boolean access(int page) {
        boolean hit = resident[page];
        if (!hit) {
            if (size == frames) {
                resident[latest.remove()] = false;
                size--;
            }
            resident[page] = true;
            size++;
        }
        latest.put(page, nextUses[time++]);
        return hit;
    }

    /** Returns, for each access, when the same page is used again. */
    private static int[] nextUses(Trace trace) {
        int[] accesses = trace.accesses();
        int[] uses = new int[accesses.length];
        int[] known = new int[trace.pages()];
        Arrays.fill(known, NEVER);
        for (int at = accesses.length - 1; at >= 0; at--) {
            uses[at] = known[accesses[at]];
            known[accesses[at]] = at;
        }
        return uses;
    }

    /** A heap of the resident pages, with the latest next use on top. It knows the position of each page. */
    private static final class LatestUses {

        private static final int NOWHERE = -1;

        private final int[] heap;
        private final int[] uses;
        private final int[] positions;
        private int size;

        LatestUses(int pages) {
            heap = new int[pages];
            uses = new int[pages];
            positions = new int[pages];
            Arrays.fill(positions, NOWHERE);
        }

        void put(int page, int use) {
            uses[page] = use; // the next use is never earlier than before, so the page only rises
            int at = positions[page] == NOWHERE ? size++ : positions[page];
            while (at > 0 && uses[heap[(at - 1) / 2]] < use) {
                place(at, heap[(at - 1) / 2]);
                at = (at - 1) / 2;
            }
            place(at, page);
        }

        int remove() {
            int top = heap[0];
            positions[top] = NOWHERE;
            int page = heap[--size];
            int at = 0;
            while (2 * at + 1 < size) {
                int child = 2 * at + 1;
                if (child + 1 < size && uses[heap[child + 1]] > uses[heap[child]]) {
                    child++;
                }
                if (uses[heap[child]] <= uses[page]) {
                    break;
                }
                place(at, heap[child]);
                at = child;
            }
            if (size > 0) {
                place(at, page);
            }
            return top;
        }

        private void place(int at, int page) {
            heap[at] = page;
            positions[page] = at;
        }
    }
}
