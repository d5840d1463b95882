package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import io.quire.memory.platform.StackRoom;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link SpaceExport} wrote, in this process or in another one.
 * {@snippet file="io/quire/memory/snippets/TransferSnippetsTest.java" region="import"}
 * <p>
 * <b>Full and incremental.</b> A full export becomes a new space by {@link #into}. An incremental one becomes a fork of
 * the space that it builds on, by {@link #ontoForkOf}; read each in the order in which they were written. The result is
 * a space like any other, with the addresses, protections and pages of the exported moment. A structure in it can be
 * opened at the address that it had.
 * <p>
 * <b>All or nothing.</b> If the export is damaged, cut off or foreign, if no frame is left, or if the import is
 * cancelled, the new space is closed and its frames are given back; the base is as it was. So an import takes a frame
 * for each page of the export, and while the base is open also keeps what the base has.
 * <p>
 * <b>Bytes are not trusted.</b> Each part is checked before it is used, and each page before it is written. A forged
 * export with right checksums can make a space with any content within its own list of mappings, and no more. To read
 * it takes 300 KiB, and heap in proportion to the list of mappings.
 * <p>
 * <b>The machine.</b> The memory is as it was, so the other machine must have the same byte order; the import refuses
 * another one. What the bytes mean is up to who wrote them: a structure of another version of the library may refuse to
 * open.
 * <p>
 * Immutable. Any thread may use it; one that reads a channel can be used once.
 */
public final class SpaceImport {

    private final @Nullable Path file;
    private final @Nullable ReadableByteChannel channel;
    private final @Nullable String name;
    private final TransferProgress progress;

    private SpaceImport(@Nullable Path file, @Nullable ReadableByteChannel channel, @Nullable String name,
            TransferProgress progress) {
        this.file = file;
        this.channel = channel;
        this.name = name;
        this.progress = progress;
    }

    /**
     * Describes the import of a file. Reads nothing yet. A file that goes on behind the export is refused.
     *
     * @param file written by {@link SpaceExport#writeTo(Path)}, or a copy of such a file
     * @return the import, for {@link #into} or {@link #ontoForkOf}
     */
    public static SpaceImport from(Path file) {
        return new SpaceImport(Objects.requireNonNull(file, "file"), null, null, new Silence());
    }

    /**
     * Describes the import of what comes out of a channel. Reads nothing yet. No byte behind the export is read, and
     * the channel stays open.
     *
     * @param channel blocks until it has a byte, or has one at last within ten seconds
     * @return the import, for {@link #into} or {@link #ontoForkOf}
     */
    public static SpaceImport from(ReadableByteChannel channel) {
        return new SpaceImport(null, Objects.requireNonNull(channel, "channel"), null, new Silence());
    }

    /**
     * Returns the same import, which gives the new space a name.
     *
     * @param spaceName for messages and statistics; need not be unique; null for a generated one
     * @return an import with this name
     */
    public SpaceImport named(@Nullable String spaceName) {
        return new SpaceImport(file, channel, spaceName, progress);
    }

    /**
     * Returns the same import, which tells how far it is.
     *
     * @param listener is told; throws to cancel
     * @return an import that tells this listener alone
     */
    public SpaceImport reportingTo(TransferProgress listener) {
        return new SpaceImport(file, channel, name, Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Reads a full export into a new space.
     *
     * @param manager opens the space
     * @return the space, to be closed by the caller; nobody has used it yet
     * @throws IOException if the export cannot be read, or the thread is interrupted, which it then stays
     * @throws java.nio.channels.IllegalBlockingModeException if the channel is in non-blocking mode
     * @throws io.quire.memory.contract.InvalidExportException if it is damaged, cut off or no export
     * @throws io.quire.memory.contract.WrongBaseException if the export is incremental
     * @throws io.quire.memory.contract.WaitTimeoutException if the channel has no byte for ten seconds
     * @throws io.quire.memory.contract.OutOfFramesException if the pages do not fit into the host pool
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.ClosedException if the manager is closed
     */
    public AddressSpace into(MemoryManager manager) throws IOException {
        Objects.requireNonNull(manager, "manager");
        return read(new ImportTarget.InManager(manager));
    }

    /**
     * Reads an incremental export onto a fork of the space that it builds on. The base stays as it is; close it if you
     * only need the result.
     * {@snippet file="io/quire/memory/snippets/TransferSnippetsTest.java" region="import-increments"}
     *
     * @param base holds the moment that the export builds on: a space that was imported and not changed since, a
     *         snapshot or fork of such a space, or the exported snapshot itself. A change is a write, a change of the
     *         mappings, a pin, or a migration that gives a page its first frame
     * @return a fork of the base, to be closed by the caller
     * @throws IOException if the export cannot be read, or the thread is interrupted, which it then stays
     * @throws java.nio.channels.IllegalBlockingModeException if the channel is in non-blocking mode
     * @throws io.quire.memory.contract.InvalidExportException if it is damaged, cut off or no export
     * @throws io.quire.memory.contract.WrongBaseException if the export is full, or builds on another moment
     * @throws io.quire.memory.contract.WaitTimeoutException if the channel has no byte for ten seconds
     * @throws io.quire.memory.contract.OutOfFramesException if the pages do not fit into the host pool
     * @throws io.quire.memory.contract.TooManySpacesException if the manager's limit of open spaces is reached
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException if the base is closed
     */
    public AddressSpace ontoForkOf(AddressSpace base) throws IOException {
        Objects.requireNonNull(base, "base");
        return read(new ImportTarget.OntoForkOf(base));
    }

    private AddressSpace read(ImportTarget target) throws IOException {
        StackRoom.require();
        if (channel != null) {
            Stall.requireBlocking(channel);
            return load(ExportReader.open(channel), target, false);
        }
        try (FileChannel opened = FileChannel.open(Objects.requireNonNull(file), StandardOpenOption.READ)) {
            return load(ExportReader.open(opened), target, true);
        }
    }

    private AddressSpace load(ExportReader export, ImportTarget target, boolean isWholeFile) throws IOException {
        AddressSpace space = target.open(export.header(), name);
        try {
            new SpaceLoader(space, export, progress).load();
            if (isWholeFile) {
                export.requireEnd();
            }
            return space;
        } catch (Throwable failed) {
            closeAfter(failed, space);
            throw failed;
        }
    }

    private static void closeAfter(Throwable failed, AddressSpace space) {
        try {
            space.close();
        } catch (RuntimeException stays) {
            failed.addSuppressed(stays);
        }
    }

    @Override
    public String toString() {
        return "SpaceImport[" + (file == null ? "of a channel" : file) + (name == null ? "" : " as " + name) + "]";
    }
}
