package io.quire.memory.fault;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The points at which an Error may come out of the library: called by the copy of it that {@link FaultLoader} makes, on
 * entry to each method, before each return, before each call and before each allocation. Counts the points that the
 * armed thread passes, and throws at one of them. One test at a time; other threads pass without notice.
 * <p>
 * A full stack is not arbitrary: a call fails only if it needs more stack than every call that succeeded before it in
 * the same frame. So for each call site the depth below it is learned in a run without a fault, and a call counts as a
 * point only if it goes deeper than what its frame has called so far. (Frames of the JDK count as one.)
 */
public final class Faults {

    /** What is thrown, and how often. */
    public enum Mode {
        /** One allocation fails. */
        ALLOCATION,
        /** The heap is full: from one allocation on all fail, until the operation has ended. */
        HEAP,
        /** One call fails, as if the frames of its callers were larger than those of the handlers. */
        CALL,
        /** The stack is full: from one call on all that go as deep fail, until the operation has ended. */
        STACK
    }

    private static final int DEPTH_MAX = 512;
    private static final int NOTHING = -1;

    private static final List<String> POINTS = new ArrayList<>();

    /** By number of the point, the most frames that were seen below it. */
    private static int[] heights = new int[1 << 14];

    private static volatile @Nullable Thread armed;

    // Of the armed thread alone.
    private static Mode mode = Mode.ALLOCATION;
    private static boolean learning;
    private static int wanted;
    private static int passed;
    private static int firedAt = NOTHING;
    private static int limit;
    private static Error error = new OutOfMemoryError();
    private static int depth;
    private static final int[] openPoint = new int[DEPTH_MAX];
    private static final int[] openHeight = new int[DEPTH_MAX];
    private static final int[] reach = new int[DEPTH_MAX];

    private Faults() {
    }

    /** A new point; its number. */
    static synchronized int register(String where) {
        POINTS.add(where);
        if (POINTS.size() >= heights.length) {
            heights = Arrays.copyOf(heights, 2 * heights.length);
        }
        return POINTS.size() - 1;
    }

    /** Has this thread pass all points, and learns how deep each call goes. */
    static void learn() {
        learning = true;
        arm(Mode.ALLOCATION, NOTHING);
    }

    /** Has the point with this number, counted from now, fail in this thread. */
    static void arm(Mode how, int number) {
        mode = how;
        wanted = number;
        passed = 0;
        firedAt = NOTHING;
        limit = Integer.MAX_VALUE;
        depth = 0;
        Arrays.fill(openPoint, NOTHING);
        Arrays.fill(openHeight, 0);
        Arrays.fill(reach, 0);
        error = how == Mode.ALLOCATION || how == Mode.HEAP ? new OutOfMemoryError("injected")
                : new StackOverflowError("injected");
        armed = Thread.currentThread();
    }

    /** Nothing fails any more. */
    static void disarm() {
        armed = null;
        learning = false;
    }

    /** Whether something was thrown since this was armed. */
    static boolean hasFired() {
        return firedAt != NOTHING;
    }

    /** Where the first Error was thrown. */
    static String firedAt() {
        return firedAt == NOTHING ? "nowhere" : POINTS.get(firedAt);
    }

    /** Where it was thrown: class, method, line. */
    static int firedPoint() {
        return firedAt;
    }

    // ---- what the instrumented library calls

    /** A method begins; its depth. */
    public static int enter() {
        if (armed != Thread.currentThread()) {
            return 0;
        }
        depth++;
        openPoint[depth] = NOTHING;
        reach[depth] = 0;
        return depth;
    }

    /** A method returns. */
    public static void exit(int own) {
        if (own > 0 && armed == Thread.currentThread()) {
            depth = own - 1;
        }
    }

    /** A method of this depth is about to call another one. */
    public static void call(int own, int point) {
        if (own == 0 || armed != Thread.currentThread()) {
            return;
        }
        depth = own;
        if (openPoint[own] != NOTHING) {
            reach[own] = Math.max(reach[own], openHeight[own]);
        }
        if (mode == Mode.CALL || mode == Mode.STACK) {
            failCall(own, point);
        }
        openPoint[own] = point;
        openHeight[own] = 0;
        for (int frame = 1; frame <= own; frame++) {
            int height = own + 1 - frame;
            if (openPoint[frame] != NOTHING && height > openHeight[frame]) {
                openHeight[frame] = height;
                if (learning) {
                    heights[openPoint[frame]] = Math.max(heights[openPoint[frame]], height);
                }
            }
        }
    }

    private static void failCall(int own, int point) {
        if (mode == Mode.STACK && own + 1 > limit) {
            throw error;
        }
        if (heights[point] > reach[own] && passed++ == wanted) {
            firedAt = point;
            limit = own + reach[own];
            throw error;
        }
    }

    /** A method is about to allocate. */
    public static void allocate(int point) {
        if (armed != Thread.currentThread() || (mode != Mode.ALLOCATION && mode != Mode.HEAP)) {
            return;
        }
        if (passed++ == wanted) {
            firedAt = point;
            throw error;
        }
        if (mode == Mode.HEAP && firedAt != NOTHING) {
            throw error;
        }
    }
}
