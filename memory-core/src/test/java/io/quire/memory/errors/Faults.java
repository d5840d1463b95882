package io.quire.memory.errors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The points at which an Error may come out of the library: called by the copy of it that {@link FaultLoader} makes, on
 * entry to each method, before each return, before each call and before each allocation. Counts the points that the
 * armed thread passes, and throws at one of them. One test at a time; other threads pass without notice.
 * <p>
 * A full stack is not arbitrary: a call fails only if it needs more stack than all that succeeded before it. Depth is
 * counted in frames here, those of the JDK as one. So a call counts as a point only if it goes deeper than any before.
 * For a single failure that is taken less strictly, because frames differ in size: it counts if it goes one frame less
 * deep than any before, and deeper than what its own frame has called so far; how deep it goes was learned in a run
 * without a fault.
 */
public final class Faults {

    /** What is thrown, and how often. */
    public enum Mode {
        /** One allocation fails. */
        ALLOCATION,
        /** The heap is full: from one allocation on all fail, until the operation has ended, or sleeps until it is not. */
        HEAP,
        /** One call fails, and what cleans up behind it does not. */
        CALL,
        /** The stack is full: from one call on all that go as deep fail, until the operation has ended. */
        STACK
    }

    private static final int DEPTH_MAX = 512;

    /** As many frames of the library as {@code StackRoom} has room for, with those of the JDK that they call. */
    private static final int ROOM_FRAMES = 48;
    private static final int NOTHING = -1;

    private static final List<String> POINTS = new ArrayList<>();

    /** By number of the point, what is linked there. */
    private static final Map<Integer, String> LINKS = new ConcurrentHashMap<>();
    private static final Set<String> LINKED = ConcurrentHashMap.newKeySet();

    /** By number of the point, the places of lambdas. */
    private static final Map<Integer, String> SITES = new ConcurrentHashMap<>();
    private static final Set<String> UNLINKED_SITES = ConcurrentHashMap.newKeySet();

    private static volatile boolean rehearsing;

    /** By number of the point, the most frames that were seen below it. */
    private static int[] heights = new int[1 << 14];

    private static volatile @Nullable Thread armed;

    // Of the armed thread alone.
    private static Mode mode = Mode.ALLOCATION;
    private static boolean learning;
    private static boolean counting;
    private static final List<Integer> counted = new ArrayList<>();
    private static int wanted;
    private static int passed;
    private static int firedAt = NOTHING;
    private static boolean slept;
    private static int deepest;
    private static int depth;
    private static final int[] openPoint = new int[DEPTH_MAX];
    private static final int[] openHeight = new int[DEPTH_MAX];
    private static final int[] reach = new int[DEPTH_MAX];

    private Faults() {
    }

    /** Whether what is linked from here on never fails. */
    static void rehearse(boolean on) {
        rehearsing = on;
    }

    /** A new point where something is linked that counts as the same in all of them; its number. */
    static synchronized int register(String where, String what) {
        int point = register(where);
        LINKS.put(point, what);
        return point;
    }

    /** A new place of a lambda, not linked yet; its number. */
    static synchronized int registerSite(String where) {
        int point = register(where);
        SITES.put(point, where);
        UNLINKED_SITES.add(where);
        return point;
    }

    static void forgetSites() {
        UNLINKED_SITES.clear();
    }

    /** Those that were not reached in a rehearsal. */
    static Set<String> unlinkedSites() {
        return Set.copyOf(UNLINKED_SITES);
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

    /** Has this thread pass all points, and counts them. */
    static void count(Mode how) {
        arm(how, NOTHING);
        counted.clear();
        counting = true;
    }

    /** Which points were passed since. */
    static List<Integer> passed() {
        return List.copyOf(counted);
    }

    /** Whether this is the point that is to fail. */
    private static boolean isWanted(int point) {
        if (counting) {
            counted.add(point);
        }
        return passed++ == wanted;
    }

    /** Has the point with this number, counted from now, fail in this thread. */
    static void arm(Mode how, int number) {
        mode = how;
        wanted = number;
        passed = 0;
        firedAt = NOTHING;
        slept = false;
        deepest = 0;
        depth = 0;
        Arrays.fill(openPoint, NOTHING);
        Arrays.fill(openHeight, 0);
        Arrays.fill(reach, 0);
        armed = Thread.currentThread();
    }

    /** Nothing fails any more. */
    static void disarm() {
        armed = null;
        learning = false;
        counting = false;
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

    /** Each time another one, as the virtual machine does. */
    private static Error error() {
        return mode == Mode.ALLOCATION || mode == Mode.HEAP ? new OutOfMemoryError("injected")
                : new StackOverflowError("injected");
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
        deepest = Math.max(deepest, own + 1);
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

    /** A method is about to ask for room on the stack: it fails as a call would that goes so deep. */
    public static void room(int own, int point) {
        call(own, point);
        if (own > 0 && armed == Thread.currentThread()) {
            if (mode == Mode.STACK && own + ROOM_FRAMES > deepest) {
                failAt(point);
            }
            deepest = Math.max(deepest, own + ROOM_FRAMES);
        }
    }

    private static void failCall(int own, int point) {
        boolean isDeep = mode == Mode.STACK ? own + 1 > deepest : own + 1 >= deepest && heights[point] > reach[own];
        if (isDeep) {
            failAt(point);
        }
    }

    private static void failAt(int point) {
        if (isWanted(point)) {
            firedAt = point;
            throw error();
        }
        if (mode == Mode.STACK && firedAt != NOTHING) {
            throw error();
        }
    }

    /** A method is about to sleep: others may free memory meanwhile. */
    public static void sleep() {
        slept |= armed == Thread.currentThread() && firedAt != NOTHING;
    }

    /** A method has reached the place of a lambda. */
    public static void site(int point) {
        if (rehearsing) {
            UNLINKED_SITES.remove(SITES.get(point));
        }
    }

    /** A method is about to use a variable handle, which takes memory the first time in its class. */
    public static void link(int point) {
        if (rehearsing) {
            LINKED.add(LINKS.get(point));
        } else if (mode == Mode.ALLOCATION && armed == Thread.currentThread() && !LINKED.contains(LINKS.get(point))) {
            allocate(point);
        }
    }

    /** A method is about to allocate. */
    public static void allocate(int point) {
        if (armed != Thread.currentThread() || (mode != Mode.ALLOCATION && mode != Mode.HEAP)) {
            return;
        }
        if (isWanted(point)) {
            firedAt = point;
            throw error();
        }
        if (mode == Mode.HEAP && firedAt != NOTHING && !slept) {
            throw error();
        }
    }
}
