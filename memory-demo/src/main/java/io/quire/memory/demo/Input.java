package io.quire.memory.demo;

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

    /** How many bytes of a file go into one entry. A longer file becomes several entries. */
    int recordBytes();
}
