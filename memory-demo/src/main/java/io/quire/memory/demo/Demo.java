package io.quire.memory.demo;

import java.io.Console;
import java.io.PrintStream;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Forks a map full of real files again and again while a thread keeps changing it, and proves that every fork is the
 * exact map of one moment. Then a device works on the map. The package page describes how.
 * <pre>
 * -Ddemo.input=PATH     a file or a folder; every class file of this JDK if not given
 * -Ddemo.seconds=N      about how long the demo takes; 20 if not given
 * -Ddemo.limit=BYTES    the size of the host pool, also as 512m or 4g; chosen if not given
 * </pre>
 * The exit code is 0 if all was right; 1 if a checksum was wrong, a check failed, a frame leaked or a thread failed; 2
 * if the input cannot be used, and then one line says why.
 */
public final class Demo {

    static final int GOOD = 0;
    static final int WRONG = 1;
    static final int BAD_INPUT = 2;

    private static final long LONGEST_END_SECONDS = 10;

    /**
     * Where the demo prints.
     *
     * @param out prints the table
     * @param errors prints what is wrong
     * @param isConsole true if {@code out} is a console, where a line can be overwritten
     */
    record Terminal(PrintStream out, PrintStream errors, boolean isConsole) {
    }

    private Demo() {
    }

    /** Runs the demo and exits. Ignores arguments; see the properties above. */
    public static void main(String[] args) {
        RunControl control = new RunControl();
        CountDownLatch done = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> endInGoodOrder(control, done), "demo-shutdown"));
        int code;
        try {
            code = run(System.getProperties(), control, Checksum::entryHash,
                    new Terminal(System.out, System.err, isConsole()));
        } finally {
            done.countDown();
        }
        System.exit(code);
    }

    /** Runs the demo and returns the exit code. */
    static int run(Properties properties, RunControl control, Checksum.EntryHash readersHash, Terminal terminal) {
        PrintStream errors = terminal.errors();
        try {
            Settings settings = Settings.of(properties);
            DemoRun run = new DemoRun(settings, readersHash, control, new Progress(terminal, control));
            terminal.out().println(run.announcement());
            Outcome outcome = run.run();
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

    /** Called at Ctrl-C: ends the run in good order, so that the table is printed before the JVM halts. */
    private static void endInGoodOrder(RunControl control, CountDownLatch done) {
        control.stop();
        try {
            if (!done.await(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
                System.err.println("demo: did not end in " + LONGEST_END_SECONDS + " seconds");
            }
        } catch (InterruptedException now) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isConsole() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }
}
