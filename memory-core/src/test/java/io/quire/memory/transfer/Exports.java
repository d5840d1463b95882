package io.quire.memory.transfer;

import io.quire.memory.AddressSpace;
import io.quire.memory.MemoryManager;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;

/** Exports in arrays. */
final class Exports {

    private Exports() {
    }

    static byte[] of(AddressSpace space) {
        return bytes(SpaceExport.of(space));
    }

    static byte[] since(AddressSpace base, AddressSpace space) {
        return bytes(SpaceExport.since(base, space));
    }

    static byte[] bytes(SpaceExport export) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            export.writeTo(Channels.newChannel(bytes));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return bytes.toByteArray();
    }

    static AddressSpace read(byte[] export, MemoryManager manager) {
        try {
            return importOf(export).into(manager);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    static AddressSpace read(byte[] export, AddressSpace base) {
        try {
            return importOf(export).ontoForkOf(base);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static SpaceImport importOf(byte[] export) {
        return SpaceImport.from(Channels.newChannel(new ByteArrayInputStream(export)));
    }
}
