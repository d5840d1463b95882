package io.quire.memory.errors;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The points at which an Error may come out of the library. The copy of the library that {@link FaultLoader} makes
 * calls this class on entry to each method and before each return, call and allocation. This class counts the points
 * that the armed thread passes, and throws at one of them. Only one test may use it at a time; other threads pass
 * unharmed.
 * <p>
 * A full stack does not hit just any call: a call fails only if it needs more stack than every call that succeeded
 * before it. Here the depth of the stack is a number of frames; the frames of the JDK that a call needs count as one.
 * So a call is a point only if it goes deeper than any before. For a single failure the rule is less strict, because
 * frames differ in size: a call is a point if it goes at most one frame less deep than any before, and deeper than all
 * that its own frame has called so far. A run without a fault has learned how deep each call goes.
 */
public final class Faults {

    /** Which points throw. */
    public enum Mode {
        /** One allocation fails. */
        ALLOCATION,
        /** The heap is full: from one point on all allocations fail, until the operation ends. */
        HEAP,
        /** One call fails, and the calls that clean up after it succeed. */
        CALL,
        /** The stack is full: from one point on all calls that go as deep fail, until the operation ends. */
        STACK
    }

    private static final int DEPTH_MAX = 512;

    /**
     * Number of library frames, with the JDK frames that they call, for which {@code StackRoom} makes sure there is
     * room.
     */
    private static final int ROOM_FRAMES = 48;
    private static final int NOTHING = -1;

    private static final List<String> POINTS = new ArrayList<>();

    /** What each point links. */
    private static final Map<Integer, String> LINKS = new ConcurrentHashMap<>();
    private static final Set<String> LINKED = ConcurrentHashMap.newKeySet();

    /** The place of each lambda. */
    private static final Map<Integer, String> SITES = new ConcurrentHashMap<>();
    private static final Set<String> UNLINKED_SITES = ConcurrentHashMap.newKeySet();

    private static volatile boolean rehearsing;

    /** For each point, the largest number of frames that was seen below it. */
    private static int[] heights = new int[1 << 14];

    private static volatile @Nullable Thread armed;

    // Used by the armed thread alone.
    private static Mode mode = Mode.ALLOCATION;
    private static boolean learning;
    private static boolean counting;
    private static final List<Integer> counted = new ArrayList<>();
    private static int wanted;
    private static int passed;
    private static int firedAt = NOTHING;
    private static int deepest;
    private static int depth;
    private static final int[] openPoint = new int[DEPTH_MAX];
    private static final int[] openHeight = new int[DEPTH_MAX];
    private static final int[] reach = new int[DEPTH_MAX];

    private Faults() {
    }

    /** Begins or ends a rehearsal: what is linked during one never fails later. */
    static void rehearse(boolean on) {
        rehearsing = on;
    }

    /**
     * Registers a new point that links something, and returns its number. Points that link the same thing link it once.
     */
    static synchronized int register(String where, String what) {
        int point = register(where);
        LINKS.put(point, what);
        return point;
    }

    /** Registers a new place of a lambda that is not linked yet, and returns its number. */
    static synchronized int registerSite(String where) {
        int point = register(where);
        SITES.put(point, where);
        UNLINKED_SITES.add(where);
        return point;
    }

    static void forgetSites() {
        UNLINKED_SITES.clear();
    }

    /** Returns the places of lambdas that no rehearsal has reached. */
    static Set<String> unlinkedSites() {
        return Set.copyOf(UNLINKED_SITES);
    }

    /** Registers a new point and returns its number. */
    static synchronized int register(String where) {
        POINTS.add(where);
        if (POINTS.size() >= heights.length) {
            heights = Arrays.copyOf(heights, 2 * heights.length);
        }
        return POINTS.size() - 1;
    }

    /** Lets this thread pass all points, and learns how deep each call goes. */
    static void learn() {
        learning = true;
        arm(Mode.ALLOCATION, NOTHING);
    }

    /** Lets this thread pass all points, and counts them. */
    static void count(Mode how) {
        arm(how, NOTHING);
        counted.clear();
        counting = true;
    }

    /** Returns the points that were passed since. */
    static List<Integer> passed() {
        return List.copyOf(counted);
    }

    /** Counts a point; returns true if it is the one that must fail. */
    private static boolean isWanted(int point) {
        if (counting) {
            counted.add(point);
        }
        return passed++ == wanted;
    }

    /** Makes the point with this number, counted from now, fail in this thread. */
    static void arm(Mode how, int number) {
        mode = how;
        wanted = number;
        passed = 0;
        firedAt = NOTHING;
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

    /** Returns true if an Error was thrown since {@link #arm}. */
    static boolean hasFired() {
        return firedAt != NOTHING;
    }

    /** Returns the place where the first Error was thrown. */
    static String firedAt() {
        return firedAt == NOTHING ? "nowhere" : POINTS.get(firedAt);
    }

    /** Returns the point where the first Error was thrown. */
    static int firedPoint() {
        return firedAt;
    }

    /** Returns a new Error each time, as the JVM does. */
    private static Error error() {
        return mode == Mode.ALLOCATION || mode == Mode.HEAP ? new OutOfMemoryError("injected")
                : new StackOverflowError("injected");
    }

    // ---- what the instrumented library calls

    /** A method begins; returns its depth. */
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

    /** A method is about to check the room on the stack: it fails like a call that goes as deep. */
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

    /** A method has reached the place of a lambda. */
    public static void site(int point) {
        if (rehearsing) {
            UNLINKED_SITES.remove(SITES.get(point));
        }
    }

    /** A method is about to use a variable handle: its first use in a class needs memory. */
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
        if (mode == Mode.HEAP && firedAt != NOTHING) {
            throw error();
        }
    }
}
