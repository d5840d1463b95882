package io.quire.memory.soak;

import io.quire.memory.guard.HoldTimes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** The soak in one JVM: rounds of steps by one thread, and rounds of a crowd, until the time is over. */
public final class SoakRun {

    private static final long SECOND_NANOS = 1_000_000_000;
    private static final int CROWD_SECONDS = 8;

    /** The thread that all managers share ends a second after the last one is closed. */
    private static final long THREADS_END_NANOS = 30 * SECOND_NANOS;

    /** Code, stacks, the collector's own memory, and pools of 16 MiB. */
    private static final long BESIDE_HEAP_BYTES = 700L << 20;

    /** Far enough apart that no two rounds of one kind have the same seed. */
    private static final int SEEDS_OF_A_TURN = 1000;

    private SoakRun() {
    }

    /** Runs the soak. Takes the arguments of {@link Settings}; exits with 1 after the first failure. */
    public static void main(String[] arguments) {
        Settings settings = Settings.of(arguments);
        Watchdog watchdog = new Watchdog();
        long end = System.nanoTime() + settings.seconds() * SECOND_NANOS;
        long seed = settings.seed();
        int rounds = 0;
        try {
            do {
                if (!settings.only().equals("crowd")) {
                    rounds += steps(settings, seed, watchdog);
                    seed += SEEDS_OF_A_TURN;
                }
                if (!settings.only().equals("steps")) {
                    crowd(settings.from(settings.only().isEmpty() ? seed : seed++, crowdSeconds(settings, end)),
                            watchdog);
                    rounds++;
                }
            } while (System.nanoTime() < end);
            checkProcess();
        } catch (SoakFailure | OutOfMemoryError failed) { // memory must suffice for the soak itself, too
            System.out.println("soak: FAILED after " + rounds + " rounds");
            failed.printStackTrace(System.out);
            System.exit(1);
        }
        System.out.println("soak: " + rounds + " rounds; " + HoldTimes.describe());
        System.exit(0);
    }

    /** Checks that the closed managers have left neither threads nor memory. */
    private static void checkProcess() {
        long end = System.nanoTime() + THREADS_END_NANOS;
        while (!threadsLeft().isEmpty()) {
            if (System.nanoTime() - end > 0) {
                throw new SoakFailure("threads of the library are left: " + threadsLeft());
            }
            LockSupport.parkNanos(SECOND_NANOS / 100);
        }
        long resident = residentBytes();
        if (resident > Runtime.getRuntime().maxMemory() + BESIDE_HEAP_BYTES) {
            throw new SoakFailure("the process has grown: resident=" + resident + " bytes");
        }
    }

    private static List<String> threadsLeft() {
        return Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive)
                .map(Thread::getName).filter(name -> name.startsWith("quire")).toList();
    }

    /** Returns the resident memory of the process; 0 if the system does not tell. */
    private static long residentBytes() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElse(0);
        } catch (IOException noLinux) {
            return 0;
        }
    }

    /** Runs rounds of steps for as long as a crowd runs; with no time, exactly one. Returns how many. */
    private static int steps(Settings settings, long first, Watchdog watchdog) {
        long end = System.nanoTime() + Math.min(CROWD_SECONDS, settings.seconds() / 3) * SECOND_NANOS;
        int rounds = 0;
        do {
            new StepRound(settings.from(first + rounds, 0), watchdog).run();
            rounds++;
        } while (System.nanoTime() < end && rounds < SEEDS_OF_A_TURN);
        return rounds;
    }

    private static int crowdSeconds(Settings settings, long end) {
        long left = (end - System.nanoTime()) / SECOND_NANOS;
        return settings.only().isEmpty() ? Math.clamp(left, 1, CROWD_SECONDS)
                : Math.min(settings.seconds(), CROWD_SECONDS);
    }

    private static void crowd(Settings settings, Watchdog watchdog) {
        CrowdRound round = new CrowdRound(settings, watchdog);
        round.run();
        System.out.println("soak: crowd, seed=" + settings.seed() + ", turns=" + round.turns + ", writes="
                + round.writers.stream().mapToLong(writer -> writer.returned).sum() + ", refusals=" + round.report());
    }
}
