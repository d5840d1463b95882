package io.quire.memory.demo;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings of a run, as the user gave them.
 *
 * @param input what to load
 * @param seconds how long the whole run may take, including loading
 * @param limitBytes the size of the host pool; 0 to choose it from the input and the machine
 */
record Settings(Input input, int seconds, long limitBytes) {

    static final String INPUT = "demo.input";
    static final String SECONDS = "demo.seconds";
    static final String LIMIT = "demo.limit";

    private static final int DEFAULT_SECONDS = 20;
    private static final int MOST_SECONDS = 24 * 60 * 60;
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kmg]?)");

    /**
     * Reads the properties {@code demo.input}, {@code demo.seconds} and {@code demo.limit}.
     *
     * @throws BadInputException if a property is invalid
     */
    static Settings of(Properties properties) throws BadInputException {
        return new Settings(input(properties.getProperty(INPUT, "")),
                seconds(properties.getProperty(SECONDS, "")),
                limitBytes(properties.getProperty(LIMIT, "")));
    }

    private static Input input(String path) throws BadInputException {
        try {
            return path.isEmpty() ? new JdkClasses() : new UserFiles(Path.of(path));
        } catch (InvalidPathException invalid) {
            throw new BadInputException(INPUT + " is not a path: " + invalid.getMessage());
        }
    }

    private static int seconds(String text) throws BadInputException {
        if (text.isEmpty()) {
            return DEFAULT_SECONDS;
        }
        int seconds = text.matches("\\d{1,6}") ? Integer.parseInt(text) : 0;
        if (seconds < 1 || seconds > MOST_SECONDS) {
            throw new BadInputException(SECONDS + " must be a whole number from 1 to " + MOST_SECONDS + ": " + text);
        }
        return seconds;
    }

    private static long limitBytes(String text) throws BadInputException {
        if (text.isEmpty()) {
            return 0;
        }
        Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        long bytes = size.matches() ? Long.parseLong(size.group(1)) << shift(size.group(2)) : 0;
        if (bytes <= 0) {
            throw new BadInputException(LIMIT + " must be a number of bytes, or a number with a unit such as 512k, 64m"
                    + " or 4g: " + text);
        }
        return bytes;
    }

    private static int shift(String unit) {
        return switch (unit) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
    }
}
