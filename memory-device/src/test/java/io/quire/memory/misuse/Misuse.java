package io.quire.memory.misuse;

import java.util.Arrays;
import java.util.Set;

/** Misuses the library in a JVM of its own, in one of several ways; exits with 0 if the library withstood it. */
public final class Misuse {

    static final String SCENARIO = "misuse.scenario";
    static final String SEED = "misuse.seed";
    static final String SECONDS = "misuse.seconds";

    /** Property with methods, as {@code Class.method}, that are not called because of a known bug. */
    static final String OFF = "misuse.off";

    private static final int HANGS = 3;

    /** A way to misuse the library; throws if something is wrong afterwards. */
    interface Scenario {
        void run(long seed, long endNanos, Heartbeat heart) throws Exception;
    }

    private Misuse() {
    }

    static boolean isOff(String name) {
        return Set.of(System.getProperty(OFF, "").split(",")).contains(name);
    }

    public static void main(String[] arguments) {
        long seed = Long.getLong(SEED, 1);
        String name = System.getProperty(SCENARIO, "wild");
        Scenario scenario = switch (name) {
            case "wild" -> new WildCalls();
            case "racing" -> new RacingCloses();
            case "stacks" -> new SmallStacks();
            case "heap" -> new FullHeap();
            default -> throw new IllegalArgumentException("no scenario: " + name);
        };
        Heartbeat heart = new Heartbeat(HANGS);
        try {
            scenario.run(seed, System.nanoTime() + Long.getLong(SECONDS, 4) * 1_000_000_000L, heart);
        } catch (Throwable failed) {
            System.out.println("misuse FAILED: scenario=" + name + ", seed=" + seed + ": " + failed);
            Throwable cause = failed.getCause();
            Arrays.stream((cause == null ? failed : cause).getStackTrace()).limit(25)
                    .forEach(frame -> System.out.println("    at " + frame));
            if (cause != null) {
                System.out.println("    cause: " + cause);
            }
            Runtime.getRuntime().halt(1);
        }
        System.out.println("misuse passed: scenario=" + name + ", seed=" + seed);
        Runtime.getRuntime().halt(0);
    }
}
