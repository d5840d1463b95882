package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.contract.Protection;
import io.quire.memory.platform.StackRoom;
import io.quire.memory.space.SpaceFinder;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes a space to a file or a channel, as it is at one moment, while writers go on. {@link SpaceImport} reads it
 * back, in this process or in another one, at the same addresses.
 * {@snippet file="io/quire/memory/snippets/TransferSnippetsTest.java" region="export"}
 * <p>
 * <b>Full or incremental.</b> {@link #of} exports all pages that were ever written; holes take no room.
 * {@link #since} exports what has changed since a snapshot that was exported before:
 * {@snippet file="io/quire/memory/snippets/TransferSnippetsTest.java" region="increment"}
 * <p>
 * <b>One moment.</b> An export of a snapshot has what the snapshot has. To export a space, the call takes a snapshot
 * and closes it at its end; meanwhile a writer pays for each page that it changes with a copy, as always. If several
 * writes belong together, take the snapshot yourself, under the lock of these writes.
 * <p>
 * <b>Names of moments.</b> Each snapshot has a name that no other moment has in any process. An export has the name of
 * its moment, and an incremental one also that of its base, so it can be applied to nothing else. A snapshot of a space
 * that was {@linkplain SpaceImport imported} and not changed yet has the name that was imported: so a process that
 * starts again goes on with incremental exports.
 * <p>
 * <b>What is sent.</b> Addresses, protections and pages, also pages of a range that may not be read. Nothing of the
 * heap: no accessor, pin or lock. Pages of a coherent device are read where they are. Pages of a private device come to
 * the host, as for every read. The <i>format</i> is described in {@code docs/format.md}: each page has a checksum, and
 * so has the whole, and its end is marked.
 * <p>
 * <b>Cancel it.</b> Interrupt the thread, or throw out of {@link #reportingTo}. An export to a file then leaves what
 * was there before; a channel has got a part that no import accepts.
 * <p>
 * Immutable. Any thread may use it, any number of times; each time takes its own moment if the space is no snapshot.
 *
 * @see SpaceDifference
 */
public final class SpaceExport {

    private final @Nullable AddressSpace base;
    private final AddressSpace space;
    private final TransferProgress progress;

    private SpaceExport(@Nullable AddressSpace base, AddressSpace space, TransferProgress progress) {
        this.base = base;
        this.space = space;
        this.progress = progress;
    }

    /**
     * Describes a full export. Reads nothing yet.
     *
     * @param space a snapshot or any other space
     * @return the export, for {@link #writeTo(Path)}
     */
    public static SpaceExport of(AddressSpace space) {
        return new SpaceExport(null, Objects.requireNonNull(space, "space"), new Silence());
    }

    /**
     * Describes an incremental export: what is in a space and not in a base. Reads nothing yet.
     * <p>
     * The base stays what it is, so it must be a snapshot, or a space that was imported and not changed since. It stays
     * open until the export is written. The time to find the changes depends on their number and on that of the
     * mappings, not on the size of the spaces. A page that is pinned in either space is always sent.
     *
     * @param base a snapshot whose content was exported or imported before
     * @param space a snapshot or any other space of the same lineage
     * @return the export, for {@link #writeTo(Path)}
     * @throws IllegalArgumentException if the spaces are of two lineages
     */
    public static SpaceExport since(AddressSpace base, AddressSpace space) {
        Objects.requireNonNull(base, "base");
        Objects.requireNonNull(space, "space");
        SnapshotPair.requireOneLineage(base, space);
        return new SpaceExport(base, space, new Silence());
    }

    /**
     * Returns the same export, which tells how far it is.
     *
     * @param listener is told; throws to cancel
     * @return an export that tells this listener alone
     */
    public SpaceExport reportingTo(TransferProgress listener) {
        return new SpaceExport(base, space, Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Writes the export to a file. The file appears, or takes the place of an earlier one, when it is complete and on
     * the disk. If the export fails or the machine does, the earlier file is as it was. A process that ends in the
     * middle leaves a file beside it whose name ends in {@code .part}, which can be deleted.
     *
     * @param file the file; its folder must exist
     * @return what was written
     * @throws IOException if the file cannot be written, or the thread is interrupted, which it then stays
     * @throws IllegalArgumentException if the base is no snapshot and was not imported, or was changed since
     * @throws io.quire.memory.contract.TooManySpacesException if the manager has no room for three more spaces
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy, or a page of a private
     *         device a frame of the host, and none is left
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException if a space is closed before its moment is taken
     */
    public ExportReport writeTo(Path file) throws IOException {
        Objects.requireNonNull(file, "file");
        StackRoom.require();
        try (WholeFile whole = WholeFile.create(file)) {
            ExportReport report = write(whole.channel());
            whole.complete();
            return report;
        }
    }

    /**
     * Writes the export to a channel, and leaves it open.
     *
     * @param channel blocks until it has taken a byte, or takes one at last within ten seconds
     * @return what was written
     * @throws IOException if the channel throws it, or the thread is interrupted, which it then stays
     * @throws java.nio.channels.IllegalBlockingModeException if the channel is in non-blocking mode
     * @throws IllegalArgumentException if the base is no snapshot and was not imported, or was changed since
     * @throws io.quire.memory.contract.WaitTimeoutException if the channel takes no byte for ten seconds
     * @throws io.quire.memory.contract.TooManySpacesException if the manager has no room for three more spaces
     * @throws io.quire.memory.contract.OutOfFramesException if a pinned page needs a copy, or a page of a private
     *         device a frame of the host, and none is left
     * @throws io.quire.memory.contract.DriverFailedException if a driver fails
     * @throws io.quire.memory.contract.ClosedException if a space is closed before its moment is taken
     */
    public ExportReport writeTo(WritableByteChannel channel) throws IOException {
        Objects.requireNonNull(channel, "channel");
        StackRoom.require();
        Stall.requireBlocking(channel);
        return write(channel);
    }

    private ExportReport write(WritableByteChannel channel) throws IOException {
        if (base == null) {
            nameMoment(space);
            try (AddressSpace moment = space.snapshot("export of " + space.name())) {
                return write(channel, null, moment, ExportPlan.full(moment));
            }
        }
        UUID name = nameMoment(base);
        nameMoment(space);
        try (SnapshotPair pair = SnapshotPair.of(base, space)) {
            if (name == null || !name.equals(nameMoment(pair.base()))) { // it may be written just now
                throw new IllegalArgumentException("the base of an incremental export must be a snapshot, or imported "
                        + "and not changed since: base=" + base.name());
            }
            return write(channel, name, pair.current(), ExportPlan.since(pair));
        }
    }

    /** Gives a snapshot its name, if it has none yet, before a snapshot of it inherits the name. */
    private static @Nullable UUID nameMoment(AddressSpace space) {
        return SpaceFinder.of(space).momentOrNull();
    }

    private ExportReport write(WritableByteChannel channel, @Nullable UUID baseName, AddressSpace moment,
            ExportPlan plan) throws IOException {
        List<Mapping> mappings = moment.mappings();
        UUID name = Objects.requireNonNull(nameMoment(moment), "a snapshot has a name");
        ExportHeader header = new ExportHeader(mappings.size(), name, baseName, plan.pages());
        try (AddressSpace shown = moment.fork("read by " + moment.name())) {
            show(shown, mappings);
            long sizeBytes = new ExportWriter(channel, progress).write(header, mappings, plan, shown);
            return new ExportReport(name, baseName, plan.pages(), plan.pagesEmptied(), sizeBytes);
        }
    }

    /** Allows reads of everything. This space is a fork that only this export can reach. */
    private static void show(AddressSpace fork, List<Mapping> mappings) {
        for (Mapping mapping : mappings) {
            if (!mapping.protection().isReadable()) {
                fork.protect(mapping.address(), mapping.sizeBytes(), Protection.READ_ONLY);
            }
        }
    }

    @Override
    public String toString() {
        return "SpaceExport[" + space.name() + (base == null ? "" : " since " + base.name()) + "]";
    }
}
