package io.quire.memory.bench.demo;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Forks a map full of real files again and again while a thread keeps changing it, and proves that every fork
 * is exactly the map of one moment; then has a device work on that map. See the package for how.
 * <pre>
 * -Ddemo.input=PATH     a file or a folder; every class file of this JDK if not given
 * -Ddemo.seconds=N      how long it takes, about; 20 if not given
 * -Ddemo.limit=BYTES    the size of the host pool, also as 512m or 4g; chosen if not given
 * </pre>
 * Exit code 0 if all was right; 1 if a checksum or a claim was wrong, a frame leaked or a thread failed; 2 if the input
 * cannot be used, with one line that tells why.
 */
public final class Demo {

    static final int GOOD = 0;
    static final int WRONG = 1;
    static final int BAD_INPUT = 2;

    private static final long FAREWELL_SECONDS = 10;

    /**
     * Where it prints to.
     *
     * @param out for the table
     * @param errors for what is wrong
     * @param isConsole whether somebody watches out, so that a line can be written over
     */
    record Terminal(PrintStream out, PrintStream errors, boolean isConsole) {
    }

    private Demo() {
    }

    /** Runs the demo and exits. Arguments are passed over; see the properties above. */
    public static void main(String[] args) {
        Course course = new Course();
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endWell(course, done), "demo-shutdown"));
        int code;
        try {
            code = run(System.getProperties(), course, Checksum::entryHash,
                    new Terminal(System.out, System.err, isConsole()));
        } finally {
            done.countDown();
        }
        System.exit(code);
    }

    /** Runs the demo; the exit code. */
    static int run(Properties properties, Course course, Checksum.EntryHash readersHash, Terminal terminal) {
        PrintStream errors = terminal.errors();
        try {
            Settings settings = Settings.of(properties);
            Trial trial = new Trial(settings, readersHash, course, new Progress(terminal, course));
            terminal.out().println(trial.announcement());
            Outcome outcome = trial.run();
            Report.of(outcome).forEach(terminal.out()::println);
            return outcome.isGood() ? GOOD : WRONG;
        } catch (BadInputException bad) {
            errors.println("demo: " + bad.getMessage());
            return BAD_INPUT;
        } catch (ExecutionException | RuntimeException failed) {
            errors.println("demo: failed: " + failed.getMessage());
            failed.printStackTrace(errors);
            return WRONG;
        } catch (InterruptedException interrupted) {
            errors.println("demo: interrupted");
            Thread.currentThread().interrupt();
            return WRONG;
        }
    }

    /** At Ctrl-C: has the run end in good order and print its table before the JVM halts. */
    private static void endWell(Course course, CountDownLatch done) {
        course.stop();
        try {
            if (!done.await(FAREWELL_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("demo: did not end in " + FAREWELL_SECONDS + " seconds");
            }
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isConsole() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
}
