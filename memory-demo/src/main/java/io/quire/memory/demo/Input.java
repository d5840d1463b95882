package io.quire.memory.demo;

import java.nio.file.Path;
import java.util.List;

/** The files that are loaded into the map. */
sealed interface Input permits JdkClasses, UserFiles {

    /** A file and its size when it was listed. */
    record Source(Path path, long sizeBytes) {
    }

    /** Returns what is loaded, in the user's words. */
    String description();

    /**
     * Lists the files.
     *
     * @throws BadInputException if there is nothing to list, or if something cannot be read
     */
    List<Source> sources() throws BadInputException;

    /** Returns the name of a file in the map. */
    String nameOf(Path path);

    /** Returns how many bytes of a file fit one entry. A longer file becomes several entries. */
    int recordBytes();
}
