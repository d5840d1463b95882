package io.quire.memory.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads small text files of the kernel. A file that cannot be read counts as empty. */
final class TextFile {

    private TextFile() {
    }

    /** The lines of a file; none if it cannot be read. */
    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException absent) {
            return List.of();
        }
    }

    /** The number in the first line; {@link Long#MAX_VALUE} if that is anything else, such as "max". */
    static long number(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? Long.MAX_VALUE : number(lines.getFirst());
    }

    /** The number after a word at the beginning of a line, times a unit; {@link Long#MAX_VALUE} if there is none. */
    static long numberAfter(Path file, String word, long unit) {
        for (String line : lines(file)) {
            if (line.startsWith(word)) {
                long number = number(line.substring(word.length()).strip().split(" ", 2)[0]);
                return number > Long.MAX_VALUE / unit ? Long.MAX_VALUE : number * unit;
            }
        }
        return Long.MAX_VALUE;
    }

    /** In v1 "no limit" is the largest number of pages, which has 19 digits. */
    private static long number(String text) {
        return text.strip().matches("\\d{1,18}") ? Long.parseLong(text.strip()) : Long.MAX_VALUE;
    }
}
