package io.quire.memory;

import io.quire.memory.space.Space;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A space that is open.
 *
 * @param name its name, given or generated
 * @param kind what it is
 * @param parent the name of the space it was forked from, which may be closed; null if it was not forked
 * @param age time since it was opened or forked
 * @param stack what opened it, from the user's call on; empty without leak tracking
 * @see MemoryManager#openSpaces
 */
public record OpenSpace(String name, Kind kind, @Nullable String parent, Duration age,
        List<StackTraceElement> stack) {

    /** What a space is. */
    public enum Kind {
        /** Opened by a manager. */
        SPACE,
        /** A copy that can be written. */
        FORK,
        /** A copy that cannot be written. */
        SNAPSHOT,
        /** The snapshot of a {@link RunCursor}, which is closed with it. */
        CURSOR
    }

    /** Copies the stack. */
    public OpenSpace {
        stack = List.copyOf(stack);
    }

    /** Describes the space, then its stack with a line for each frame. */
    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " " + name + (parent == null ? "" : " forked from " + parent)
                + ", age=" + age.toMillis() + " ms" + lines(stack);
    }

    static String lines(List<StackTraceElement> stack) {
        StringBuilder lines = new StringBuilder();
        for (StackTraceElement frame : stack) {
            lines.append("\n      at ").append(frame);
        }
        return lines.toString();
    }

    static OpenSpace of(Space space) {
        return new OpenSpace(space.name(), kind(space), space.parent(), space.creation().age(),
                space.creation().stack());
    }

    private static Kind kind(Space space) {
        if (!space.isForked()) {
            return Kind.SPACE;
        }
        if (space.isOfCursor()) {
            return Kind.CURSOR;
        }
        return space.isSnapshot() ? Kind.SNAPSHOT : Kind.FORK;
    }
}
