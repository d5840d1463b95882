package io.quire.memory.bench.evict;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class TraceFileTest {

    @TempDir
    private Path folder;

    @Test
    void linesAreBlockNumbersAndStarsSeparatePhases() throws IOException {
        write("blocks.trace.gz", "7\n9\n*\n7\n\n123456789012\n");
        assertThat(read("blocks.trace.gz").accesses()).containsExactly(0, 1, 0, 2);
    }

    @Test
    void loadsAndStoresCountByPage() throws IOException {
        write("addresses.trace.gz", "l 0x1fff0 4\ns 0x1ffff 1\nl 0x20000 8\nl 0x1f000 0\n");
        assertThat(read("addresses.trace.gz").accesses()).containsExactly(0, 0, 1, 0);
    }

    @Test
    void wordsAreKeys() throws IOException {
        try (OutputStream file = Files.newOutputStream(folder.resolve("keys.trace.xz"));
                XZOutputStream xz = new XZOutputStream(file, new LZMA2Options(0))) {
            xz.write(ByteBuffer.allocate(16).putInt(-1).putInt(5).putInt(5).putInt(-1).array());
        }
        assertThat(read("keys.trace.xz").accesses()).containsExactly(0, 1, 1, 0);
    }

    @Test
    void folderIsReadInOrderOfNamesAndOtherFilesAreIgnored() throws IOException {
        write("b.trace.gz", "1\n");
        write("a.trace.gz", "1\n2\n");
        Files.writeString(folder.resolve("LICENSE.txt"), "none");
        List<Trace> traces = TraceFile.readAll(folder);
        assertThat(traces).extracting(Trace::name).containsExactly("a", "b");
        assertThat(traces).extracting(Trace::pages).containsExactly(2, 1);
    }

    private Trace read(String name) throws IOException {
        return TraceFile.read(folder.resolve(name));
    }

    private void write(String name, String lines) throws IOException {
        try (OutputStream file = new GZIPOutputStream(Files.newOutputStream(folder.resolve(name)))) {
            file.write(lines.getBytes(StandardCharsets.US_ASCII));
        }
    }
}
