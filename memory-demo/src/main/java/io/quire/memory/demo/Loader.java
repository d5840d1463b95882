package io.quire.memory.demo;

import io.quire.memory.structure.ForkableMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** Cuts the files of an input into entries and puts them into a map. For one thread. */
final class Loader {

    /** Turns names into keys. */
    static final Charset KEY_CHARSET = StandardCharsets.UTF_8;

    private final ExpectedMap expected = new ExpectedMap();
    private final Input input;
    private final List<Input.Source> sources;
    private final long entries;
    private final long sizeBytes;
    private long loadedBytes;

    /**
     * Lists the input.
     *
     * @throws BadInputException if the input cannot be listed
     */
    Loader(Input input) throws BadInputException {
        this.input = input;
        sources = input.sources();
        sizeBytes = sources.stream().mapToLong(Input.Source::sizeBytes).sum();
        entries = sources.stream().mapToLong(source -> Math.max(1, Math.ceilDiv(source.sizeBytes(),
                input.recordBytes()))).sum();
    }

    /** Returns how many entries there will be. */
    long entries() {
        return entries;
    }

    /** Returns the bytes of all files together. */
    long sizeBytes() {
        return sizeBytes;
    }

    /**
     * Puts all files into a map, or only the first ones if the run is stopped.
     *
     * @return what the map must hold now
     * @throws BadInputException if a file cannot be read, or is shorter than it was when it was listed
     */
    ExpectedMap load(ForkableMap map, RunControl control, Progress progress) throws BadInputException {
        for (Input.Source source : sources) {
            load(source, map, progress);
            if (!control.isRunning()) {
                break;
            }
        }
        return expected;
    }

    private void load(Input.Source source, ForkableMap map, Progress progress) throws BadInputException {
        String name = input.nameOf(source.path());
        try (InputStream content = Files.newInputStream(source.path())) {
            long done = 0;
            do {
                int length = (int) Math.min(input.recordBytes(), source.sizeBytes() - done);
                byte[] value = new byte[UpdateNumber.BYTES + length];
                if (content.readNBytes(value, UpdateNumber.BYTES, length) < length) {
                    throw new BadInputException("a file became shorter while it was read: " + source.path());
                }
                put(map, done == 0 ? name : name + "@" + done, value);
                done += length;
                loadedBytes += length;
                progress.tick(() -> "loading " + Units.count(expected.entries()) + " of " + Units.count(entries)
                        + " entries, " + Units.bytes(loadedBytes));
            } while (done < source.sizeBytes());
        } catch (IOException unreadable) {
            throw UserFiles.unreadable(source.path(), unreadable);
        }
    }

    private void put(ForkableMap map, String name, byte[] value) {
        byte[] key = name.getBytes(KEY_CHARSET);
        map.put(key, value);
        expected.add(key, value);
    }

    /** Returns the bytes of content in the map. */
    long loadedBytes() {
        return loadedBytes;
    }
}
