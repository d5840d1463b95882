package io.quire.memory.bench.demo;

import java.nio.file.Path;
import java.util.List;

/** The files that are loaded into the map. */
sealed interface Input permits JdkClasses, UserFiles {

    /** A file and its size when it was listed. */
    record Source(Path path, long sizeBytes) {
    }

    /** What is loaded, in the user's words. */
    String description();

    /**
     * Lists the files.
     *
     * @throws BadInputException if there is nothing to list, or something that cannot be read
     */
    List<Source> sources() throws BadInputException;

    /** The name of a file in the map. */
    String nameOf(Path path);

    /** How much of a file goes into one entry; what is longer becomes several. */
    int recordBytes();
}
