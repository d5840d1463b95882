package io.quire.memory.trace;

import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** When, and with leak tracking where, something was created. Immutable. */
public final class Birth implements Comparable<Birth> {

    private static final StackWalker WALKER = StackWalker.getInstance();

    private final long nanoTime = System.nanoTime();
    private final StackTraceElement @Nullable [] stack;

    private Birth(StackTraceElement @Nullable [] stack) {
        this.stack = stack;
    }

    /** Now; with the stack of the caller if it is to be tracked, which costs microseconds. */
    public static Birth now(boolean tracked) {
        return new Birth(tracked ? stackOfCaller() : null);
    }

    /** How long ago that was. */
    public Duration age() {
        return Duration.ofNanos(System.nanoTime() - nanoTime);
    }

    /** Orders by time: negative if this one is older. */
    @Override
    public int compareTo(Birth other) {
        return Long.signum(nanoTime - other.nanoTime);
    }

    /** The stack, a line for each frame, or nothing if it was not tracked. */
    public String where() {
        return stack == null ? "" : Arrays.stream(stack).map(e -> "\n      at " + e).collect(Collectors.joining());
    }

    private static StackTraceElement[] stackOfCaller() {
        return WALKER.walk(frames -> frames.skip(2).limit(24).map(StackWalker.StackFrame::toStackTraceElement)
                .toArray(StackTraceElement[]::new));
    }
}
