package io.quire.memory.bench;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/**
 * The settings of the tour, as the user gave them.
 *
 * @param full true to measure every rival and every size
 * @param only the questions to answer; none means all
 * @param folder the folder to write the results to
 */
record Settings(boolean full, List<String> only, Path folder) {

    static final String FULL = "bench.full";
    static final String ONLY = "bench.only";
    static final String FOLDER = "bench.folder";

    /**
     * Reads the properties {@code bench.full}, {@code bench.only} and {@code bench.folder}.
     *
     * @param toJmh true if there are arguments for JMH
     * @throws BadSettingException if a property is invalid, or stands beside arguments for JMH
     */
    static Settings of(Properties properties, boolean toJmh) throws BadSettingException {
        String full = properties.getProperty(FULL);
        String only = properties.getProperty(ONLY);
        if (toJmh && (full != null || only != null)) {
            throw new BadSettingException(FULL + " and " + ONLY
                    + " are settings of the tour, and arguments are for JMH: give one or the other");
        }
        return new Settings(full != null && isYes(full), only == null ? List.of() : questions(only),
                folder(properties.getProperty(FOLDER, "target/bench")));
    }

    /** Returns true if the tour should answer this question. */
    boolean asks(String question) {
        return only.isEmpty() || only.contains(question);
    }

    private static boolean isYes(String text) throws BadSettingException {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "", "true" -> true;
            case "false" -> false;
            default -> throw new BadSettingException(FULL + " is true or false: " + text);
        };
    }

    private static List<String> questions(String text) throws BadSettingException {
        List<String> questions = List.of(text.split(",", -1));
        for (String question : questions) {
            if (!Tour.questions().contains(question)) {
                throw new BadSettingException(ONLY + " is one or more of " + String.join(",", Tour.questions())
                        + ": " + text);
            }
        }
        return questions;
    }

    private static Path folder(String text) throws BadSettingException {
        try {
            return Path.of(text);
        } catch (InvalidPathException invalid) {
            throw new BadSettingException(FOLDER + " is not a path: " + invalid.getMessage());
        }
    }
}
