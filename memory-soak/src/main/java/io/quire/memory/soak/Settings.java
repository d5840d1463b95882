package io.quire.memory.soak;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * The settings of a run, given as {@code name=value} arguments.
 *
 * @param seconds how long the run takes; 0 for one round of each kind
 * @param seed the seed of the first round; later rounds have higher ones
 * @param variants names of {@link Variant}s; empty for as many as the time allows
 * @param off names of steps and workers to leave out while a bug of the library is open
 * @param only "steps", "crowd", or "" for both
 * @param steps how many steps a round of steps has
 */
record Settings(int seconds, long seed, Set<String> variants, Set<String> off, String only, int steps) {

    private static final int STEPS = 3000;

    static Settings of(String[] arguments) {
        Map<String, String> values = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 0) {
                throw new IllegalArgumentException("an argument is name=value: argument=" + argument);
            }
            values.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        String seed = values.getOrDefault("seed", "");
        String steps = values.getOrDefault("steps", "");
        return new Settings(Integer.parseInt(values.getOrDefault("seconds", "1200")),
                seed.isEmpty() ? new Random().nextInt(1 << 30) : Long.parseLong(seed),
                names(values.getOrDefault("variants", "")), names(values.getOrDefault("off", "")),
                values.getOrDefault("only", ""), steps.isEmpty() ? STEPS : Integer.parseInt(steps));
    }

    private static Set<String> names(String list) {
        return list.isBlank() ? Set.of() : Set.of(list.trim().split("[, ]+"));
    }

    boolean has(String generator) {
        return !off.contains(generator);
    }

    Settings from(long otherSeed, int otherSeconds) {
        return new Settings(otherSeconds, otherSeed, variants, off, only, steps);
    }

    List<String> arguments() {
        return new ArrayList<>(List.of("seconds=" + seconds, "seed=" + seed, "off=" + String.join(",", off),
                "only=" + only, "steps=" + steps));
    }
}
