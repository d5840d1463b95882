package io.quire.memory.trace;

import java.security.ProtectionDomain;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** When something was created and, with leak tracking, by which stack. Immutable. */
public final class CreationSite implements Comparable<CreationSite> {

    private static final int FRAMES_KEPT = 24;
    private static final StackTraceElement[] NONE = {};

    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    /**
     * The place that the classes of this library come from. Classes of users come from others, and so do our tests.
     */
    private static final ProtectionDomain OURS = CreationSite.class.getProtectionDomain();

    private final long nanoTime = System.nanoTime();
    private final StackTraceElement @Nullable [] stack;

    private CreationSite(StackTraceElement @Nullable [] stack) {
        this.stack = stack;
    }

    /**
     * Returns the present moment and, if it is to be tracked, the stack of the user's call, which costs microseconds.
     */
    public static CreationSite now(boolean tracked) {
        return new CreationSite(tracked ? stackOfUser() : null);
    }

    /** The time since the creation. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    /** Orders by time: negative if this one is older. */
    @Override
    public int compareTo(CreationSite other) {
        return Long.signum(nanoTime - other.nanoTime);
    }

    /** The stack, beginning with the user's call of the library; empty if it was not tracked. */
    public List<StackTraceElement> stack() {
        return stack == null ? List.of() : List.of(stack);
    }

    /** The stack as text, with a line for each call; empty if it was not tracked. */
    public String where() {
        return stack == null ? "" : Arrays.stream(stack).map(e -> "\n      at " + e).collect(Collectors.joining());
    }

    /** Returns the user's stack, or none if there is no memory to walk it: then the walker throws an InternalError. */
    private static StackTraceElement[] stackOfUser() {
        try {
            return walk();
        } catch (InternalError full) {
            return NONE;
        }
    }

    private static StackTraceElement[] walk() {
        return WALKER.walk(frames -> frames.dropWhile(CreationSite::isOurs).limit(FRAMES_KEPT)
                .map(StackWalker.StackFrame::toStackTraceElement).toArray(StackTraceElement[]::new));
    }

    @SuppressWarnings("ReferenceEquality") // a class loader has one domain for each place that classes come from
    private static boolean isOurs(StackWalker.StackFrame frame) {
        return frame.getDeclaringClass().getProtectionDomain() == OURS;
    }
}
