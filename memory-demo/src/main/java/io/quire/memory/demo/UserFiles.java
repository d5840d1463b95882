package io.quire.memory.demo;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * A file, or all files below a folder, cut into records of 4 KiB. Follows links to files but not links to folders, and
 * skips sockets, pipes and devices.
 *
 * @param root the file or folder
 */
record UserFiles(Path root) implements Input {

    @Override
    public String description() {
        return root.toString();
    }

    @Override
    public List<Source> sources() throws BadInputException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            throw new BadInputException("there is no such file or folder: " + root);
        }
        List<Source> sources = new ArrayList<>();
        try {
            // The root itself may be a link to a folder.
            Files.walkFileTree(root.toRealPath(), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes kind) throws IOException {
                    if (kind.isSymbolicLink() ? isLinkToFile(file) : kind.isRegularFile()) {
                        sources.add(source(file));
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failure) {
            throw unreadable(root, failure);
        }
        if (sources.stream().allMatch(source -> source.sizeBytes() == 0)) {
            throw new BadInputException("there is nothing to load, all files are empty: " + root);
        }
        return sources;
    }

    @Override
    public String nameOf(Path path) {
        return path.toString();
    }

    @Override
    public int recordBytes() {
        return 4 << 10;
    }

    /**
     * Makes a one-line message for a file that cannot be read. It names the file of the failure, if the failure names
     * one.
     */
    static BadInputException unreadable(Path path, IOException failure) {
        if (failure instanceof FileSystemException refused && refused.getFile() != null) {
            return new BadInputException("cannot read " + refused.getFile() + ": " + switch (refused) {
                case AccessDeniedException _ -> "permission denied";
                case NoSuchFileException _ -> "there is no such file, or it is a link to nothing";
                default -> String.valueOf(refused.getReason());
            });
        }
        return new BadInputException("cannot read " + path + ": " + failure.getMessage());
    }

    private static boolean isLinkToFile(Path link) throws IOException {
        if (!Files.exists(link)) {
            throw new FileSystemException(link.toString(), null, "it is a link to nothing");
        }
        return Files.isRegularFile(link);
    }

    private static Source source(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new AccessDeniedException(file.toString());
        }
        return new Source(file, Files.size(file));
    }
}
