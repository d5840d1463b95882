package io.quire.memory.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Every class file of the running JDK, one entry each. This is real input that exists wherever the demo runs. */
record JdkClasses() implements Input {

    @Override
    public String description() {
        return "every class file of this JDK";
    }

    @Override
    public List<Source> sources() throws BadInputException {
        List<Source> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root())) {
            for (Path file : (Iterable<Path>) files.filter(JdkClasses::isClassFile)::iterator) {
                sources.add(new Source(file, Files.size(file)));
            }
        } catch (IOException | UncheckedIOException unreadable) {
            throw new BadInputException("cannot read the classes of this JDK: " + unreadable.getMessage());
        }
        return sources;
    }

    @Override
    public String nameOf(Path path) {
        return root().relativize(path).toString();
    }

    @Override
    public int recordBytes() {
        return 1 << 20; // larger than any class file of a JDK
    }

    private static Path root() {
        return FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/modules");
    }

    private static boolean isClassFile(Path path) {
        return path.toString().endsWith(".class");
    }
}
