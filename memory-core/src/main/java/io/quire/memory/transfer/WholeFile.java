package io.quire.memory.transfer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that is written as a whole or not at all: into a new file in the same folder, which takes the place of the old
 * one when its bytes are on the disk. One thread.
 */
final class WholeFile implements AutoCloseable {

    private static final String SUFFIX = ".part";

    private final Path target;
    private final Path part;
    private final FileChannel channel;

    private WholeFile(Path target, Path part, FileChannel channel) {
        this.target = target;
        this.part = part;
        this.channel = channel;
    }

    /** Creates the new file beside the old one. */
    static WholeFile create(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path name = target.getFileName();
        if (name == null || Files.isDirectory(target)) { // the move would fail too, but at the end
            throw new FileSystemException(file.toString(), null, "a folder cannot be replaced by a file");
        }
        Path part = target.resolveSibling(name + "." + UUID.randomUUID() + SUFFIX);
        return new WholeFile(target, part,
                FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    /** Writes to the new file. */
    FileChannel channel() {
        return channel;
    }

    /** Puts the new file in the place of the old one. */
    void complete() throws IOException {
        channel.force(true);
        channel.close();
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        forceFolder();
    }

    /** Brings the new name to the disk too, on a system where a folder can be opened for that. */
    private void forceFolder() throws IOException {
        FileChannel folder;
        try {
            folder = FileChannel.open(target.resolveSibling("."), StandardOpenOption.READ);
        } catch (IOException cannotBeOpened) {
            return;
        }
        try (folder) {
            folder.force(true);
        }
    }

    /** Deletes the new file, unless it is complete. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(part);
    }

    @Override
    public String toString() {
        return "WholeFile[" + target + "]";
    }
}
