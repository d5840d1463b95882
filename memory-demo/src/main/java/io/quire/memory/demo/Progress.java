package io.quire.memory.demo;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Shows the progress of a run. On a console it overwrites one line; elsewhere it prints a line a second. It uses no
 * escape codes. For one thread.
 */
final class Progress {

    private static final long LINE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long IN_PLACE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final PrintStream out;
    private final RunControl control;
    private final boolean inPlace;
    private long nextNanos;
    private int shown;

    Progress(Demo.Terminal terminal, RunControl control) {
        this.control = control;
        out = terminal.out();
        inPlace = terminal.isConsole();
        nextNanos = inPlace ? 0 : LINE_NANOS;
    }

    /** Shows the state, unless the last one was shown a short time ago. */
    void tick(Supplier<String> state) {
        long now = control.elapsedNanos();
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

    /** Blanks the line on the console. */
    void end() {
        if (shown > 0) {
            out.print("\r" + " ".repeat(shown) + "\r");
            out.flush();
            shown = 0;
        }
    }
}
