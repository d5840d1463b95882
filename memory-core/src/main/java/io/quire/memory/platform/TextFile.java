package io.quire.memory.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small files by which the kernel says something. What cannot be read says nothing. */
final class TextFile {

    private TextFile() {
    }

    /** Its lines; none if it cannot be read. */
    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException absent) {
            return List.of();
        }
    }

    /** The number that is all of the file; {@link Long#MAX_VALUE} for anything else, such as "max". */
    static long number(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? Long.MAX_VALUE : number(lines.getFirst());
    }

    /** The number behind a word at the beginning of a line, times a unit; {@link Long#MAX_VALUE} if there is none. */
    static long numberAfter(Path file, String word, long unit) {
        for (String line : lines(file)) {
            if (line.startsWith(word)) {
                long number = number(line.substring(word.length()).strip().split(" ", 2)[0]);
                return number > Long.MAX_VALUE / unit ? Long.MAX_VALUE : number * unit;
            }
        }
        return Long.MAX_VALUE;
    }

    /** No limit is the largest number of pages in v1, which has 19 digits. */
    private static long number(String text) {
        return text.strip().matches("\\d{1,18}") ? Long.parseLong(text.strip()) : Long.MAX_VALUE;
    }
}
