package io.quire.memory.bench.demo;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Tells how far a run is: a line a second, or one line that is written over again and again where somebody
 * watches. No escape codes. One thread.
 */
final class Progress {

    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long IN_PLACE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final PrintStream out;
    private final Course course;
    private final boolean inPlace;
    private long nextNanos;
    private int shown;

    Progress(Demo.Terminal terminal, Course course) {
        this.course = course;
        out = terminal.out();
        inPlace = terminal.isConsole();
        nextNanos = inPlace ? 0 : LINE_NANOS;
    }

    /** Shows a state, if it is time to. */
    void tick(Supplier<String> state) {
        long now = course.elapsedNanos();
        if (now < nextNanos) {
            return;
        }
        nextNanos = now + (inPlace ? IN_PLACE_NANOS : LINE_NANOS);
        String line = "%3d s  %s".formatted(TimeUnit.NANOSECONDS.toSeconds(now), state.get());
        if (inPlace) {
            out.print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
            out.flush();
            shown = line.length();
        } else {
            out.println(line);
        }
    }

    /** Leaves the line that is written over blank. */
    void end() {
        if (shown > 0) {
            out.print("\r" + " ".repeat(shown) + "\r");
            out.flush();
            shown = 0;
        }
    }
}
