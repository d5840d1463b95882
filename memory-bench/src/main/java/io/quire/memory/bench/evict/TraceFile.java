package io.quire.memory.bench.evict;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.agrona.collections.LongArrayList;
import org.tukaani.xz.XZInputStream;

/**
 * Reads recorded traces, in the formats in which the literature publishes them:
 * <ul>
 * <li>{@code NAME.trace.gz} has lines. A line is a block number; or {@code l 0xADDRESS SIZE} for a load or
 * {@code s 0xADDRESS SIZE} for a store, of which only the 4 KiB page counts. Lines with a {@code *} separate phases and
 * are skipped.
 * <li>{@code NAME.trace.xz} has keys of 32 bits.
 * </ul>
 */
final class TraceFile {

    private static final String LINES = ".trace.gz";
    private static final String WORDS = ".trace.xz";
    private static final int PAGE_SHIFT = 12;

    private TraceFile() {
    }

    /** Reads all traces of a folder, sorted by name. */
    static List<Trace> readAll(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> traces = files.filter(file -> isLines(file) || isWords(file)).sorted().toList();
            Stream.Builder<Trace> all = Stream.builder();
            for (Path file : traces) {
                all.add(read(file));
            }
            return all.build().toList();
        }
    }

    static Trace read(Path file) throws IOException {
        String name = file.getFileName().toString();
        try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
            long[] keys = isLines(file) ? readLines(new GZIPInputStream(bytes)) : readWords(new XZInputStream(bytes));
            return Trace.of(name.substring(0, name.length() - LINES.length()), keys);
        }
    }

    private static boolean isLines(Path file) {
        return file.toString().endsWith(LINES);
    }

    private static boolean isWords(Path file) {
        return file.toString().endsWith(WORDS);
    }

    private static long[] readLines(InputStream bytes) throws IOException {
        LongArrayList keys = new LongArrayList();
        BufferedReader reader = new BufferedReader(new InputStreamReader(bytes, StandardCharsets.US_ASCII));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (!line.isBlank() && !line.contains("*")) {
                keys.addLong(key(line.strip()));
            }
        }
        return keys.toLongArray();
    }

    private static long key(String line) {
        if (Character.isDigit(line.charAt(0))) {
            return Long.parseLong(line);
        }
        int address = line.indexOf(' ') + 1;
        return Long.decode(line.substring(address, line.indexOf(' ', address))) >>> PAGE_SHIFT;
    }

    private static long[] readWords(InputStream bytes) throws IOException {
        IntBuffer words = ByteBuffer.wrap(bytes.readAllBytes()).asIntBuffer();
        long[] keys = new long[words.remaining()];
        Arrays.setAll(keys, words::get);
        return keys;
    }
}
