package io.quire.memory.transfer;

import io.quire.memory.Accessor;
import io.quire.memory.AddressSpace;
import io.quire.memory.Mapping;
import io.quire.memory.contract.Protection;
import io.quire.memory.space.SpaceFinder;
import io.quire.memory.table.Geometry;
import java.io.IOException;

/**
 * Makes a space what an export has: its mappings, then its pages, then its protections. The space is new, or a fork of
 * the base; nobody else can reach it until this is done. Serves one thread once.
 */
final class SpaceLoader {

    private final AddressSpace space;
    private final ExportReader export;
    private final TransferProgress progress;

    SpaceLoader(AddressSpace space, ExportReader export, TransferProgress progress) {
        this.space = space;
        this.export = export;
        this.progress = progress;
    }

    /** Loads everything, up to the end of the export. */
    void load() throws IOException {
        allowWrites();
        map(SnapshotPair.mapped(space), export.mapped());
        progress.transferred(0, export.header().pages());
        try (Accessor accessor = space.accessor()) {
            for (RecordHeader record = export.next(); record.kind() != RecordHeader.END; record = export.next()) {
                apply(record, accessor);
            }
        }
        protect();
        SpaceFinder.of(space).holdsMoment(export.header().moment());
    }

    private void allowWrites() {
        for (Mapping mapping : space.mappings()) {
            if (!mapping.protection().isWritable()) {
                space.protect(mapping.address(), mapping.sizeBytes(), Protection.READ_WRITE);
            }
        }
    }

    /** Keeps each range that lies within one of the base, because an export relies on it, and maps the others anew. */
    private void map(AddressRanges was, AddressRanges is) {
        for (int range = 0; range < was.count(); range++) {
            unmapLost(was.start(range), was.end(range), is);
        }
        for (int range = 0; range < is.count(); range++) {
            if (!was.contain(is.start(range), is.end(range))) {
                space.mapAt(is.start(range), is.end(range) - is.start(range));
            }
        }
    }

    /** Unmaps what lies between the ranges that are kept of a range of the base. */
    private void unmapLost(long from, long to, AddressRanges is) {
        long lost = from;
        for (int range = is.firstBehind(from); range < is.count() && is.start(range) < to; range++) {
            if (from <= is.start(range) && is.end(range) <= to) {
                unmap(lost, is.start(range));
                lost = is.end(range);
            }
        }
        unmap(lost, to);
    }

    private void unmap(long from, long to) {
        if (from < to) {
            space.unmap(from, to - from);
        }
    }

    private void apply(RecordHeader record, Accessor accessor) {
        if (record.kind() == RecordHeader.PAGE) {
            accessor.copyFrom(export.content(), record.address());
            progress.transferred(export.pagesRead(), export.header().pages());
        } else {
            space.discard(record.address(), record.pages() << Geometry.PAGE_SHIFT);
        }
    }

    private void protect() {
        for (Mapping mapping : export.mappings()) {
            if (!mapping.protection().isWritable()) {
                space.protect(mapping.address(), mapping.sizeBytes(), mapping.protection());
            }
        }
    }
}
