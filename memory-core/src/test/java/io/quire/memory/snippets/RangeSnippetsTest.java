package io.quire.memory.snippets;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quire.memory.AddressSpace;
import io.quire.memory.testkit.LeakCheck;
import io.quire.memory.view.MemoryRange;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the Javadoc of ranges that are channels and streams. */
class RangeSnippetsTest {

    @RegisterExtension
    final LeakCheck leaks = new LeakCheck(16L << 20);

    private AddressSpace space;
    private long address;

    @BeforeEach
    void open() {
        space = leaks.manager().newAddressSpace("letters");
        address = space.map(1L << 20);
    }

    @AfterEach
    void close() {
        space.close();
    }

    @Test
    void range(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("letters");
        // @start region="range"
        MemoryRange letters = MemoryRange.of(space, address, 1L << 20);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            letters.writeTo(out);                               // straight from the pages
        }
        try (FileChannel in = FileChannel.open(file)) {
            letters.readFrom(in);                               // straight into the pages
        }
        // @end
        assertThat(file).hasSize(1 << 20);
    }

    @Test
    void writeTo(@TempDir Path folder) throws IOException {
        MemoryRange letters = MemoryRange.of(space, address, 1L << 20);
        try (FileChannel channel = FileChannel.open(folder.resolve("out"), StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
            long[] sent = new long[1];
            // @start region="write-to"
            try {
                letters.writeTo(channel, bytes -> sent[0] = bytes);
            } catch (IOException failed) {
                throw new IOException("connection lost after " + sent[0] + " bytes", failed);
            }
            // @end
            assertThat(sent[0]).isEqualTo(1L << 20);
        }
    }

    @Test
    void readFrom(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("in");
        Files.write(file, new byte[3_000]);
        MemoryRange letters = MemoryRange.of(space, address, 1L << 20);
        try (FileChannel channel = FileChannel.open(file)) {
            // @start region="read-from"
            long came = letters.readFrom(channel);
            while (came >= 0 && came < letters.sizeBytes()) {   // a channel may end, or give nothing for now
                long more = letters.slice(came).readFrom(channel);
                if (more < 0) {
                    break;                                      // it has ended
                }
                came += more;
            }
            // @end
            assertThat(came).isEqualTo(3_000);
        }
    }

    @Test
    void channel() throws IOException {
        // @start region="channel"
        try (SeekableByteChannel channel = MemoryRange.of(space, address, 1L << 20).channel()) {
            channel.position(100);
            channel.write(ByteBuffer.wrap("Dear Ada".getBytes(UTF_8)));
            assert channel.position() == 108;
        }
        // @end
        assertThat(space.getByte(address + 100)).isEqualTo((byte) 'D');
    }

    @Test
    void streams() throws IOException {
        // @start region="streams"
        MemoryRange letters = MemoryRange.of(space, address, 1L << 20);
        try (DataOutputStream out = new DataOutputStream(letters.outputStream())) {
            out.writeUTF("Dear Ada");
        }
        try (DataInputStream in = new DataInputStream(letters.inputStream())) {
            assert in.readUTF().equals("Dear Ada");
        }
        // @end
        assertThat(space.getByte(address + 2)).isEqualTo((byte) 'D');
    }
}
