package io.quire.memory.fault;

import java.util.List;

/** Runs scenarios without JUnit and prints what it finds: arguments are a class, part of a name, and modes. */
final class FaultRun {

    private FaultRun() {
    }

    public static void main(String[] args) throws InterruptedException {
        String part = args.length > 1 ? args[1] : "";
        List<Faults.Mode> modes = args.length > 2
                ? List.of(args).subList(2, args.length).stream().map(Faults.Mode::valueOf).toList()
                : List.of(Faults.Mode.values());
        for (Scenario scenario : FaultLoader.scenarios("io.quire.memory.fault.world." + args[0])) {
            if (scenario.name().contains(part)) {
                for (Faults.Mode mode : modes) {
                    run(scenario, mode);
                }
            }
        }
        System.exit(0); // also past threads that hang
    }

    private static void run(Scenario scenario, Faults.Mode mode) throws InterruptedException {
        long begin = System.nanoTime();
        FaultEnumeration enumeration = new FaultEnumeration(scenario, mode);
        List<String> failures = enumeration.run();
        System.out.println("== " + scenario + ", " + mode + ": points=" + enumeration.points() + ", failures="
                + failures.size() + ", ms=" + (System.nanoTime() - begin) / 1_000_000);
        failures.forEach(System.out::println);
    }
}
