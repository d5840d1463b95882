package io.quire.memory.soak;

/** The soak of one JVM: rounds of steps, each with the next seed, until the time is over. */
public final class SoakRun {

    private SoakRun() {
    }

    /** Takes what {@link Settings} says; exits with 1 after the first failure. */
    public static void main(String[] arguments) {
        Settings settings = Settings.of(arguments);
        Watchdog watchdog = new Watchdog();
        long end = System.nanoTime() + settings.seconds() * 1_000_000_000L;
        long seed = settings.seed();
        int rounds = 0;
        try {
            do {
                new StepRound(settings.from(seed, 0), watchdog).run();
                seed++;
                rounds++;
            } while (System.nanoTime() < end);
        } catch (SoakFailure failed) {
            System.out.println("soak: FAILED after " + rounds + " rounds");
            failed.printStackTrace(System.out);
            System.exit(1);
        }
        System.out.println("soak: " + rounds + " rounds of steps");
    }
}
